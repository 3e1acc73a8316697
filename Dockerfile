# The manager and the trading bot as images: built in one stage; run in others, as nobody special, without compiler, sources and tests.
# An LTS line of Node by its tag; the C library must be glibc, which lmdb's prebuilt binary wants.
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY tsconfig.json ./
COPY schemas schemas
COPY routes routes
COPY src src
COPY web web
RUN npm run build

FROM ${NODE_IMAGE} AS runtime
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json LICENSE ./
# Without npm's logs and the compile cache, which differ each time: the same sources make the same files.
RUN NODE_DISABLE_COMPILE_CACHE=1 npm ci --omit=dev --cache /tmp/npm && rm -rf /tmp/npm
COPY --from=build /app/dist/schemas dist/schemas
COPY --from=build /app/dist/routes dist/routes
COPY --from=build /app/dist/src dist/src
COPY --from=build /app/dist/dashboard dist/dashboard
# What /runbook shows.
COPY docs/runbook.md docs/runbook.css docs/
RUN mkdir /data /state logs && chown 1000:1000 /data /state logs
USER 1000:1000
STOPSIGNAL SIGTERM

# The trading bot: `docker build --target bot`. Its gameplan is in /data, what it must not forget in /state.
FROM runtime AS bot
ENV BOT_STATE_DIR=/state
VOLUME /state
HEALTHCHECK --interval=60s --timeout=10s --start-period=120s --retries=3 CMD ["node", "dist/src/bot/health.js"]
CMD ["node", "dist/src/bot/main.js"]

# The manager, and what a build without a target makes.
FROM runtime AS manager
ENV DATA_DIR=/data
VOLUME /data
EXPOSE 8080
# Whether the process answers, not whether it is ready: a manager that waits for its engine is not cured by a restart.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://localhost:${process.env.PORT || 8080}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Give it an init (docker run --init) and more time to stop than SHUTDOWN_TIMEOUT, or gateways are not logged out.
CMD ["node", "dist/src/main.js"]
