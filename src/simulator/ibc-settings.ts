// What IBC is configured with, and how it reads and prints it: the template of config.ini, Java's .properties rules,
// and the masked block at each start.
import type { TradingMode } from './accounts.ts'

export type ExistingSession = 'primary' | 'primaryoverride' | 'secondary' | 'manual'

export interface IbcSettings {
  username: string
  password: string
  tradingMode: TradingMode
  /** `unset` leaves the Gateway's own setting, which on a fresh install is read-only. */
  readOnlyApi: boolean | 'unset'
  existingSession: ExistingSession
  /** As configured, valid or not; IBC takes `hh:mm AM` or `hh:mm PM`. */
  autoRestartTime: string
  reloginAfterTwofaTimeout: boolean
  /** 0: no command server. */
  commandServerPort: number
}

/** config.ini as the image's template has it; `${NAME}` is filled from the environment. */
export const configTemplate = `AcceptBidAskLastSizeDisplayUpdateNotification=accept
AcceptIncomingConnectionAction=\${TWS_ACCEPT_INCOMING}
AcceptNonBrokerageAccountWarning=yes
AllowBlindTrading=\${ALLOW_BLIND_TRADING}
AutoLogoffTime=\${AUTO_LOGOFF_TIME}
AutoRestartTime=\${AUTO_RESTART_TIME}
BindAddress=
ClosedownAt=
ColdRestartTime=\${TWS_COLD_RESTART}
CommandServerPort=0
ControlFrom=
DismissPasswordExpiryWarning=no
ExistingSessionDetectedAction=\${EXISTING_SESSION_DETECTED_ACTION}
FIX=no
IbLoginId=\${TWS_USERID}
IbPassword=\${TWS_PASSWORD}
LogStructureWhen=never
LoginDialogDisplayTimeout=60
MinimizeMainWindow=no
OverrideTwsMasterClientID=\${TWS_MASTER_CLIENT_ID}
ReadOnlyApi=\${READ_ONLY_API}
ReadOnlyLogin=no
ReloginAfterSecondFactorAuthenticationTimeout=\${RELOGIN_AFTER_TWOFA_TIMEOUT}
SecondFactorAuthenticationExitInterval=\${TWOFA_EXIT_INTERVAL}
SecondFactorAuthenticationTimeout=180
SecondFactorDevice=\${TWOFA_DEVICE}
SuppressInfoMessages=yes
TradingMode=\${TRADING_MODE}
`

/** What `envsubst` does with the template. */
export function renderConfig(template: string, env: Record<string, string | undefined>): string {
  return template.replace(/\$\{(\w+)\}/g, (_, name: string) => env[name] ?? '')
}

/**
 * Reads `name=value` lines the way IBC's Java does: bytes are ISO-8859-1, `\` escapes (`\uXXXX` included), blanks around a
 * value go away. An unescaped backslash or non-ASCII letter in a password is therefore lost, as in the real image.
 */
export function parseConfig(bytes: Buffer): Map<string, string> {
  const values = new Map<string, string>()
  for (const line of bytes.toString('latin1').split(/\r?\n/)) {
    if (/^\s*([#!]|$)/.test(line)) continue
    const equals = line.indexOf('=')
    if (equals > 0) values.set(line.slice(0, equals).trim(), unescapeProperty(line.slice(equals + 1)).trim())
  }
  return values
}

export function unescapeProperty(value: string): string {
  const letters: Record<string, string> = { t: '\t', n: '\n', r: '\r', f: '\f' }
  return value.replace(/\\(?:u([0-9a-fA-F]{4})|(.?))/gs, (_, code: string | undefined, char: string) =>
    code === undefined ? (letters[char] ?? char) : String.fromCharCode(Number.parseInt(code, 16)),
  )
}

/** The `IBC Settings:` block; user name and password are always masked. */
export function settingsBlock(settings: IbcSettings): string[] {
  const shown: Record<string, string> = {
    AcceptNonBrokerageAccountWarning: 'yes',
    AutoRestartTime: settings.autoRestartTime,
    CommandServerPort: String(settings.commandServerPort),
    ExistingSessionDetectedAction: settings.existingSession,
    IbLoginId: '***',
    IbPassword: '***',
    LoginDialogDisplayTimeout: '60',
    ReadOnlyApi: settings.readOnlyApi === 'unset' ? '' : yesNo(settings.readOnlyApi),
    ReloginAfterSecondFactorAuthenticationTimeout: yesNo(settings.reloginAfterTwofaTimeout),
    SecondFactorAuthenticationTimeout: '180',
    SuppressInfoMessages: 'yes',
    TradingMode: settings.tradingMode,
  }
  const lines = Object.entries(shown).map(([name, value]) => `    ${name}=${value}`)
  return ['IBC Settings:', ...lines, 'End IBC Settings', '']
}

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no'
}
