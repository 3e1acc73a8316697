// Asks a bot how it is, over HTTP on this machine.
import type { BotAnswer } from '../ports/bot-health.ts'

/** A bot that needs longer is not well. */
const deadlineMs = 3_000
const longestAnswer = 16_384
const longestDetail = 300
const loopback = /^https?:\/\/(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])(:\d{1,5})?(\/|$)/

/**
 * Healthy at any 2xx. Follows no redirect, and reads 16 KB of a bad answer at most, for its `lastError`, so that a URL can neither lead elsewhere
 * nor fill our memory. Never rejects.
 */
export async function askBotHealth(healthUrl: string, signal: AbortSignal): Promise<BotAnswer> {
  if (!loopback.test(healthUrl)) return { healthy: false, detail: 'gave an address on another machine' }
  try {
    const answer = await fetch(healthUrl, {
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
    })
    if (answer.ok) {
      await answer.body?.cancel()
      return { healthy: true }
    }
    const lastError = lastErrorOf(await beginningOf(answer))
    return { healthy: false, detail: lastError ? `says: ${lastError}` : `answers ${answer.status}` }
  } catch {
    return { healthy: false, detail: `does not answer at ${healthUrl}` }
  }
}

async function beginningOf(answer: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    // Leaving the loop cancels the rest.
    if (text.length >= longestAnswer) break
  }
  return text.slice(0, longestAnswer)
}

/** The field of our bot's answer; undefined when there is none, or the answer is another's. */
function lastErrorOf(text: string): string | undefined {
  try {
    const { lastError } = JSON.parse(text)
    if (typeof lastError !== 'string') return undefined
    return lastError.replaceAll(/\s+/g, ' ').trim().slice(0, longestDetail).replace(/[.]+$/, '')
  } catch {
    return undefined
  }
}
