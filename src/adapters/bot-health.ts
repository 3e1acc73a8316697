// Asks a bot how it is, over HTTP on this machine.

/** A bot that needs longer is not well. */
const deadlineMs = 3_000
const loopback = /^https?:\/\/(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])(:\d{1,5})?(\/|$)/

/** True at any 2xx. Follows no redirect and reads no body, so that a URL can neither lead elsewhere nor fill our memory. Never rejects. */
export async function askBotHealth(healthUrl: string, signal: AbortSignal): Promise<boolean> {
  if (!loopback.test(healthUrl)) return false
  try {
    const answer = await fetch(healthUrl, {
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
    })
    await answer.body?.cancel()
    return answer.ok
  } catch {
    return false
  }
}
