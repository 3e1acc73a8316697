// `npm start`: the server process. Environment in, signals in, exit code out.
import { existsSync } from 'node:fs'
import { loadEnvFile } from 'node:process'
import closeWithGrace from 'close-with-grace'
import { ConfigError } from './config.ts'
import { isFleetError } from './ports/errors.ts'
import { startServer } from './server.ts'

if (existsSync('.env')) loadEnvFile('.env')

try {
  const server = await startServer({
    env: process.env,
    onFatal: (error) => {
      process.stderr.write(`${error.message}\n`)
      process.exit(1)
    },
  })
  // The core keeps its own budget (SHUTDOWN_TIMEOUT); a second signal exits at once.
  closeWithGrace({ delay: false, logger: false }, async ({ err }) => {
    if (err) process.stderr.write(`${err.stack ?? err}\n`)
    await server.close()
  })
} catch (error) {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`)
    process.exit(2)
  }
  if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') {
    const { address, port } = error as { address?: string; port?: number }
    process.stderr.write(`Another program listens on ${address}:${port}. Stop it, or choose another PORT.\n`)
    process.exit(1)
  }
  process.stderr.write(isFleetError(error) ? `${error.message}\n` : `${(error as Error).stack}\n`)
  process.exit(1)
}
