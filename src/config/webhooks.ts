// Alert sinks that this version does not have: a webhook never stops the start, so a person is told.

const webhookVariables: readonly string[] = [
  'DISCORD_WEBHOOK_URL',
  'DISCORD_WEBHOOK_URL_FILE',
  'ALERT_WEBHOOK_URL',
  'ALERT_WEBHOOK_URL_FILE',
]

/** One warning for each webhook. */
export function notices(env: Readonly<Record<string, string | undefined>>): string[] {
  return webhookVariables
    .filter((name) => env[name]?.trim())
    .map(
      (name) => `${name} is set, but this version sends no webhooks: alerts go to the log and the API only`,
    )
}
