// Variables whose features come later: they stop the start rather than being ignored, webhooks alone only warn.

type Environment = Readonly<Record<string, string | undefined>>

/** Variables of features that are not built yet: set, they stop the start rather than being ignored. */
const notYet: ReadonlyArray<{
  readonly feature: string
  readonly names: readonly string[]
}> = [
  {
    feature: 'the data connection',
    names: ['IB_HOST', 'IB_PORT', 'IB_CLIENT_ID', 'DATA_FOLLOWER'],
  },
  {
    feature: 'bar files and gap filling',
    names: [
      'BARS_DIR',
      'GAP_SCAN_INTERVAL',
      'GAP_MAX_AGE_DAYS',
      'GAP_BATCH_SIZE',
      'IB_MIN_REQUEST_DELAY',
      'IB_PACING',
    ],
  },
]

/** Alert sinks that are not built yet; a bad or unusable one never stops the start. */
const webhookVariables: readonly string[] = [
  'DISCORD_WEBHOOK_URL',
  'DISCORD_WEBHOOK_URL_FILE',
  'ALERT_WEBHOOK_URL',
  'ALERT_WEBHOOK_URL_FILE',
]

/** One fault for each variable that this version cannot honour. */
export function unsupported(env: Environment): Array<{ variable: string; got: string; takes: string }> {
  return notYet.flatMap(({ feature, names }) =>
    names
      .filter((name) => env[name]?.trim())
      .map((variable) => ({
        variable,
        got: 'a value',
        takes: `nothing yet, because this version does not support ${feature}: unset it`,
      })),
  )
}

/** One warning for each webhook, which never stops the start. */
export function notices(env: Environment): string[] {
  return webhookVariables
    .filter((name) => env[name]?.trim())
    .map(
      (name) => `${name} is set, but this version sends no webhooks: alerts go to the log and the API only`,
    )
}
