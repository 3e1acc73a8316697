// Where credentials come from: Vault when VAULT_ADDR is set, with one way to log in; the embedded store otherwise.
import { show } from './reading.ts'

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

export interface VaultValues {
  readonly VAULT_ENABLED: boolean | undefined
  readonly VAULT_ADDR: string | undefined
  readonly VAULT_TOKEN: string | undefined
  readonly VAULT_ROLE_ID: string | undefined
  readonly VAULT_SECRET_ID: string | undefined
  readonly VAULT_KV_MOUNT: string | undefined
  readonly VAULT_NAMESPACE: string | undefined
  readonly VAULT_CACERT: string | undefined
}

interface Fault {
  readonly variable: keyof VaultValues
  readonly got: string
  readonly takes: string
}

/** The choice, or what keeps it from being made. `VAULT_ENABLED` follows `VAULT_ADDR`; true without it is a fault, false asks for nothing. */
export function chooseCredentials(
  v: VaultValues,
  readFile: (path: string) => string,
): {
  readonly credentials: CredentialsConfig
  readonly login?: VaultLogin
  readonly faults: readonly Fault[]
} {
  const none = { credentials: { kind: 'embedded' } as const }
  const enabled = v.VAULT_ENABLED ?? v.VAULT_ADDR !== undefined
  if (!enabled) return { ...none, faults: [] }
  const faults: Fault[] = []
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

function loginOf(v: VaultValues, faults: Fault[]): VaultLogin | undefined {
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
  faults: Fault[],
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
