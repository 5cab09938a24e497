# Comptoir as an image: any service of it, by the arguments (`--service store`) and the environment (docs/guides/deploy.md).
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY . .
# Removed at the end: the prepared database, which is for the embedded mode, and esbuild, which has done its work.
RUN npm ci --omit=dev --no-audit --no-fund \
 && node scripts/prepare.mjs --production \
 && rm -rf node_modules/.cache node_modules/esbuild node_modules/@esbuild

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production PORT=8080
WORKDIR /app
# The bundle, what it reads besides (SQL, pages), and the packages that are not in it.
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/apps/comptoir/dist/bundle ./apps/comptoir/dist/bundle
COPY --from=build /app/apps/console/public ./apps/console/public
COPY --from=build /app/packages/runtime/sql ./packages/runtime/sql
COPY --from=build /app/services/payments/public ./services/payments/public
COPY --from=build /app/services/payments/sql ./services/payments/sql
COPY --from=build /app/services/store/sql ./services/store/sql
# All of it belongs to root, so that the process cannot change what it runs.
USER node
# As JSON, so that the signal to stop goes to Node and not to a shell.
ENTRYPOINT ["node", "--enable-source-maps", "--max-semi-space-size=32", "apps/comptoir/dist/bundle/main.js", "serve"]
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
