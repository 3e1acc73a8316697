// The runbook, so that the links of alerts work without the internet. Open to all: it holds nothing of this fleet.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import helmet from '@fastify/helmet'
import type { FastifyPluginAsync } from 'fastify'
import { FleetError, isFleetError } from '../src/ports/errors.ts'
import { ownPageHeaders } from './page-headers.ts'
import { runbookPage } from './runbook-page.ts'

export interface RunbookOptions {
  /** Where runbook.md and runbook.css lie; absent: there is none. */
  readonly docsDir?: string
}

export const runbook: FastifyPluginAsync<RunbookOptions> = async (app, { docsDir }) => {
  await app.register(helmet, ownPageHeaders)
  const options = { config: { access: 'open' as const }, schema: { hide: true } }
  const found = docsDir === undefined ? notThere() : read(docsDir)
  const served = <T>(give: (files: { page: string; css: string }) => T): T => {
    if (isFleetError(found)) throw found
    return give(found)
  }
  app.get('/runbook', options, async (_request, reply) =>
    served(({ page }) => reply.type('text/html; charset=utf-8').send(page)),
  )
  app.get('/runbook.css', options, async (_request, reply) =>
    served(({ css }) => reply.type('text/css; charset=utf-8').send(css)),
  )
}

/** Read and rendered once, at the start. */
function read(docsDir: string): { page: string; css: string } | FleetError {
  try {
    const markdown = readFileSync(join(docsDir, 'runbook.md'), 'utf8')
    return { page: runbookPage(markdown), css: readFileSync(join(docsDir, 'runbook.css'), 'utf8') }
  } catch {
    return notThere()
  }
}

const notThere = () =>
  new FleetError('NOT_FOUND', 'This installation has no docs/runbook.md; the sources of the product have it.')
