// The dashboard: one page and its assets, as vite built them. It holds nothing secret, so it is open to all; what it shows it asks the API for.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import helmet from '@fastify/helmet'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'
import { ownPageHeaders } from './page-headers.ts'

export interface DashboardOptions {
  /** Where the built page lies; absent, or without a page: `/` says how to build it. */
  readonly webDir?: string
}

export const dashboard: FastifyPluginAsync<DashboardOptions> = async (app, { webDir }) => {
  await app.register(helmet, ownPageHeaders)
  if (webDir === undefined || !existsSync(join(webDir, 'index.html'))) {
    app.get('/', { config: { access: 'open' }, schema: { hide: true } }, async (_request, reply) =>
      reply.type('text/html; charset=utf-8').send(notBuilt),
    )
    return
  }
  // The plugin's own route cannot say so itself.
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, access: 'open' }
  })
  // An asset's name changes with its content.
  await app.register(fastifyStatic, {
    root: join(webDir, 'assets'),
    prefix: '/assets/',
    index: false,
    dotfiles: 'ignore',
    preCompressed: true,
    immutable: true,
    maxAge: '365d',
  })
  const page = { maxAge: 0, immutable: false, cacheControl: false }
  // The runbook's page shows the icon too, so its name stays.
  for (const [path, file] of [
    ['/', 'index.html'],
    ['/icon.svg', 'icon.svg'],
  ] as const) {
    app.get(path, { schema: { hide: true } }, async (_request, reply) =>
      reply.header('cache-control', 'no-cache').sendFile(file, webDir, page),
    )
  }
}

const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>IB Gateway Manager</title>
<h1>IB Gateway Manager is up; its dashboard is not built</h1>
<p>Build it with <code>npm run build</code> in the folder of its sources, then start the manager again.</p>
<p>Meanwhile: <code>ibgm status</code> on the command line, or <a href="/docs">the API</a>.</p>
</html>
`
