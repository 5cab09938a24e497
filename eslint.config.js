import { parser, plugin } from 'typescript-eslint'

/** Biome lints everything else; only these rules need types: each finds a promise that nobody waits for. */
export default [
  { ignores: ['**/dist/', '**/node_modules/'] },
  {
    files: ['**/*.ts'],
    languageOptions: {
      parser,
      // The two programs that hold every source and every spec; a package's own tsconfig leaves its specs out.
      parserOptions: { project: ['tests/tsconfig.json', 'bench/tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    plugins: { '@typescript-eslint': plugin },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  },
]
