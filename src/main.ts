// `npm start`: the server process. Environment in, signals in, exit code out.
import { existsSync } from 'node:fs'
import { loadEnvFile } from 'node:process'
import closeWithGrace from 'close-with-grace'
import { startServer } from './server/server.ts'
import { startFailure } from './server/start-failure.ts'

if (existsSync('.env')) loadEnvFile('.env')

const stopping = new AbortController()
const starting = startServer({
  env: process.env,
  signal: stopping.signal,
  onFatal: (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  },
})
// Also while it starts: the store's lock may be taken, and gateways be adopted. The core keeps its own budget (SHUTDOWN_TIMEOUT); a second signal exits at once.
closeWithGrace({ delay: false, logger: false }, async ({ err }) => {
  if (err) process.stderr.write(`${err.stack ?? err}\n`)
  stopping.abort(new Error('stopped while it started'))
  const server = await starting.catch(() => undefined)
  await server?.close()
})
try {
  await starting
} catch (error) {
  if (!stopping.signal.aborted) {
    const { message, exitCode } = startFailure(error, process.env)
    process.stderr.write(`${message}\n`)
    process.exit(exitCode)
  }
}
