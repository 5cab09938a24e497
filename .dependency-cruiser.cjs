/**
 * The layering: saga <- runtime <- http <- services <- apps. An arrow only points down; `tests` and `bench` may use everything.
 */
const spec = '\\.(spec|fixture)\\.ts$|/testing/'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'saga-is-pure',
      comment: 'The declaration runs anywhere: no Node, no I/O, no package but the schemas.',
      severity: 'error',
      from: { path: '^packages/saga/', pathNot: spec },
      to: { pathNot: '^packages/saga/|^node_modules/typebox/' },
    },
    {
      name: 'saga-knows-no-layer',
      severity: 'error',
      from: { path: '^packages/saga/' },
      to: { path: '^(packages/(?!saga/)|services/|apps/)' },
    },
    {
      name: 'runtime-knows-only-saga',
      severity: 'error',
      from: { path: '^packages/runtime/' },
      to: { path: '^(packages/(?!saga/|runtime/)|services/|apps/)' },
    },
    {
      name: 'packages-know-no-service',
      comment: 'A package above the runtime knows saga and runtime, never its neighbours, a service or an app.',
      severity: 'error',
      from: { path: '^packages/(?!saga/|runtime/)([^/]+)/' },
      to: { path: '^(packages/(?!saga/|runtime/|$1/)|services/|apps/)' },
    },
    {
      name: 'services-share-only-contracts',
      severity: 'error',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^(services/(?!contracts/|$1/)|apps/)' },
    },
    {
      name: 'apps-stand-on-top',
      comment: 'Only the composition root knows the page.',
      severity: 'error',
      from: { path: '^apps/(?!comptoir/)([^/]+)/' },
      to: { path: '^apps/(?!$1/)' },
    },
    {
      name: 'through-the-front-door',
      comment: 'Another package is imported by its name, through its exports; specs also use its conformance suites.',
      severity: 'error',
      from: { path: '^((?:packages|services|apps)/[^/]+)/', pathNot: spec },
      to: { path: '^(packages|services|apps)/', pathNot: '^$1/', dependencyTypes: ['local'] },
    },
    {
      name: 'declared-in-package-json',
      severity: 'error',
      from: { path: '^(packages|services|apps)/', pathNot: spec },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'sources-know-no-test',
      severity: 'error',
      from: { path: '^(packages|services|apps)/', pathNot: spec },
      to: { path: [spec, '^(tests|bench)/'] },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(packages|services|apps)/[^/]+/(dist|public)/' },
    // Types count: a service that only borrows a type from another one depends on it.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'types', 'node', 'default'] },
  },
}
