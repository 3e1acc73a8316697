// Certificate and key of the server: both or none, and they must fit.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { show } from './reading.ts'

/** PEM texts. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
}

interface Fault {
  readonly variable: 'TLS_CERT_FILE' | 'TLS_KEY_FILE'
  readonly got: string
  readonly takes: string
}

const takes = {
  TLS_CERT_FILE: 'the path of a readable certificate in PEM, with TLS_KEY_FILE',
  TLS_KEY_FILE: 'the path of the readable key of TLS_CERT_FILE, in PEM and without a passphrase',
} as const

/** Reads both files and judges them. Neither path: no TLS, no fault. */
export function readTls(
  paths: { readonly TLS_CERT_FILE: string | undefined; readonly TLS_KEY_FILE: string | undefined },
  readFile: (path: string) => string,
): { readonly tls?: TlsFiles; readonly faults: readonly Fault[] } {
  const faults: Fault[] = []
  const complain = (variable: Fault['variable'], got: string) =>
    void faults.push({ variable, got, takes: takes[variable] })
  if (paths.TLS_CERT_FILE === undefined && paths.TLS_KEY_FILE === undefined) return { faults }

  const read = (variable: Fault['variable'], parse: (pem: string) => unknown): string | undefined => {
    const path = paths[variable]
    if (path === undefined) {
      complain(variable, 'nothing')
      return undefined
    }
    try {
      const pem = readFile(path)
      parse(pem)
      return pem
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'not readable'
      complain(variable, `${show(path)} (${code})`)
      return undefined
    }
  }
  const cert = read('TLS_CERT_FILE', (pem) => new X509Certificate(pem))
  const key = read('TLS_KEY_FILE', createPrivateKey)
  if (cert === undefined || key === undefined) return { faults }
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    complain('TLS_KEY_FILE', 'the key of another certificate')
    return { faults }
  }
  try {
    // What else OpenSSL may not like: a key too short, a broken chain.
    createSecureContext({ cert, key })
  } catch (error) {
    complain('TLS_CERT_FILE', `a certificate that cannot be used (${(error as Error).message})`)
    return { faults }
  }
  return { tls: { cert, key }, faults }
}
