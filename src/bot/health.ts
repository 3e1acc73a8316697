#!/usr/bin/env node
// Docker's health command: asks the running bot how it is, prints the answer, and ends with 0 when it is healthy, 1 when not or within 8 s unknown.

const host = process.env.BOT_HEALTH_HOST?.trim() || '127.0.0.1'
const port = process.env.BOT_HEALTH_PORT?.trim() || '8081'

/** One that listens everywhere is asked here. */
const here: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }
const address = here[host] ?? host
const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}/health`

try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(8_000), redirect: 'error' })
  console.log((await answer.text()).trim())
  process.exitCode = answer.status === 200 ? 0 : 1
} catch (error) {
  const cause = (error as { cause?: NodeJS.ErrnoException }).cause
  console.log(`${url} does not answer: ${cause?.code ?? (error as Error).message}`)
  process.exitCode = 1
}

export {}
