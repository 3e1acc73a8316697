// Where credentials come from: Vault when VAULT_ADDR is set, with one way to log in; the embedded store otherwise.
import { type ConfigFault, type GivenOf, optional, show, type Variable, withDefault } from './reading.ts'
import { anyText, type Kind, matching, yesOrNo } from './values.ts'

/** 32 bytes as base64. */
const key256: Kind<Buffer> = {
  takes: '32 bytes in base64, as `openssl rand -base64 32` prints',
  parse: (text) => (/^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined),
}

export const credentialVariables = {
  CREDENTIALS_KEY: {
    kind: key256,
    about:
      'Key of the stored IB logins, 32 bytes in base64 (openssl rand -base64 32); made in DATA_DIR/credentials.key when unset.',
    secret: true,
  },
  VAULT_ENABLED: optional(
    yesOrNo,
    'Whether IB logins come from Vault; follows VAULT_ADDR when unset, and false leaves it unused.',
  ),
  VAULT_ADDR: optional(
    matching(/^https?:\/\/[^\s/@?#]+\/?$/, 'http://host:port or https://host:port'),
    'Vault, where the IB logins are; those in the embedded store are then the copy to fall back to.',
  ),
  VAULT_TOKEN: {
    kind: anyText,
    about: 'Token for Vault, renewed by itself; or an AppRole instead, with the next two.',
    secret: true,
  },
  VAULT_ROLE_ID: { kind: anyText, about: 'AppRole of the manager.', secret: true },
  VAULT_SECRET_ID: { kind: anyText, about: 'Secret id of that AppRole.', secret: true },
  VAULT_KV_MOUNT: withDefault(
    matching(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/, 'the path of a KV mount'),
    'secret',
    "Mount of the logins, KV version 1 or 2; a record's vaultSecretRef is relative to it.",
  ),
  VAULT_NAMESPACE: optional(matching(/^[^\s\0]+$/, 'the name of a namespace'), 'Namespace in Vault.'),
  VAULT_CACERT: optional(anyText, "File of the certificates, in PEM, that Vault's own is checked with."),
} satisfies Record<string, Variable<unknown>>

export type VaultConfig = {
  readonly kind: 'vault'
  readonly address: string
  readonly mount: string
  readonly namespace?: string
  /** PEM text. */
  readonly caCert?: string
}
export type CredentialsConfig = { readonly kind: 'embedded' } | VaultConfig

/** A token, or AppRole. */
export type VaultLogin =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'approle'; readonly roleId: string; readonly secretId: string }

type Given = GivenOf<typeof credentialVariables>

/** The choice, or what keeps it from being made. `VAULT_ENABLED` follows `VAULT_ADDR`; true without it is a fault, false asks for nothing. */
export function chooseCredentials(
  v: Given,
  readFile: (path: string) => string,
): {
  readonly credentials: CredentialsConfig
  readonly login?: VaultLogin
  readonly faults: readonly ConfigFault[]
} {
  const none = { credentials: { kind: 'embedded' } as const }
  const enabled = v.VAULT_ENABLED ?? v.VAULT_ADDR !== undefined
  if (!enabled) return { ...none, faults: [] }
  const faults: ConfigFault[] = []
  if (v.VAULT_ADDR === undefined)
    faults.push({
      variable: 'VAULT_ADDR',
      got: 'nothing',
      takes: 'the address of Vault, since VAULT_ENABLED is true',
    })
  const login = loginOf(v, faults)
  const caCert = v.VAULT_CACERT === undefined ? undefined : readCertificate(v.VAULT_CACERT, readFile, faults)
  if (faults.length > 0 || v.VAULT_ADDR === undefined || login === undefined) return { ...none, faults }
  const credentials: VaultConfig = {
    kind: 'vault',
    address: v.VAULT_ADDR,
    mount: v.VAULT_KV_MOUNT ?? 'secret',
    ...(v.VAULT_NAMESPACE === undefined ? {} : { namespace: v.VAULT_NAMESPACE }),
    ...(caCert === undefined ? {} : { caCert }),
  }
  return { credentials, login, faults }
}

function loginOf(v: Given, faults: ConfigFault[]): VaultLogin | undefined {
  const { VAULT_TOKEN: token, VAULT_ROLE_ID: roleId, VAULT_SECRET_ID: secretId } = v
  const role = roleId !== undefined || secretId !== undefined
  if (token !== undefined && role) {
    faults.push({
      variable: 'VAULT_TOKEN',
      got: 'a token and an AppRole',
      takes: 'one of the two ways to log in',
    })
    return undefined
  }
  if (token !== undefined) return { kind: 'token', token }
  if (roleId !== undefined && secretId !== undefined) return { kind: 'approle', roleId, secretId }
  const variable = role ? (roleId === undefined ? 'VAULT_ROLE_ID' : 'VAULT_SECRET_ID') : 'VAULT_TOKEN'
  const takes = role
    ? 'both VAULT_ROLE_ID and VAULT_SECRET_ID'
    : 'a token, or VAULT_ROLE_ID and VAULT_SECRET_ID instead'
  faults.push({ variable, got: 'nothing', takes })
  return undefined
}

function readCertificate(
  path: string,
  readFile: (path: string) => string,
  faults: ConfigFault[],
): string | undefined {
  try {
    const pem = readFile(path)
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem
    faults.push({
      variable: 'VAULT_CACERT',
      got: show(path),
      takes: 'a file of certificates in PEM',
    })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'not readable'
    faults.push({
      variable: 'VAULT_CACERT',
      got: `${show(path)} (${code})`,
      takes: 'a readable file of certificates in PEM',
    })
  }
  return undefined
}
