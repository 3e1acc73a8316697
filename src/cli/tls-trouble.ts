// What to do when TLS keeps a manager from answering: a certificate nobody vouches for, or TLS on one side only. Pure.

export interface TlsTrouble {
  readonly what: (base: string) => string
  readonly hint: string
}

const untrusted: TlsTrouble = {
  what: (base) => `the certificate of ${base} is not trusted here`,
  hint: 'NODE_EXTRA_CA_CERTS=FILE in the environment of `ibgm` names a file with the certificate, or with that of its issuer, to trust',
}
const expired: TlsTrouble = {
  what: (base) => `the certificate of ${base} has expired`,
  hint: 'renew the certificate (TLS_CERT_FILE of the manager), and see that the clock here is right; NODE_EXTRA_CA_CERTS does not help',
}
const notYetValid: TlsTrouble = {
  what: (base) => `the certificate of ${base} is not valid yet`,
  hint: 'see that the clocks here and there are right; NODE_EXTRA_CA_CERTS does not help',
}
const otherName: TlsTrouble = {
  what: (base) => `the certificate of ${base} is for another name`,
  hint: 'name the manager as its certificate does with --url or IBGM_URL, or give it one for this name; NODE_EXTRA_CA_CERTS does not help',
}
const notTls: TlsTrouble = {
  what: (base) => `what answers at ${base} does not speak TLS`,
  hint: 'try http:// in --url or IBGM_URL: without TLS_CERT_FILE a manager speaks plain HTTP',
}

// Codes of Node's TLS (X509 verification errors and ERR_TLS_*) and of OpenSSL.
const troubles: Readonly<Record<string, TlsTrouble>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_UNTRUSTED: untrusted,
  CERT_HAS_EXPIRED: expired,
  CERT_NOT_YET_VALID: notYetValid,
  ERR_TLS_CERT_ALTNAME_INVALID: otherName,
  ERR_SSL_WRONG_VERSION_NUMBER: notTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: notTls,
}

/** What this error code of an `https:` connection means; undefined for one that is not about TLS. */
export function tlsTrouble(code: string): TlsTrouble | undefined {
  return troubles[code]
}

// A server that expects TLS hangs up on plain HTTP; undici says UND_ERR_SOCKET, or what its parser makes of the TLS alert.
const hungUp = /^(?:ECONNRESET|EPIPE|UND_ERR_SOCKET|HPE_\w+)$/

/** What to do when nothing answers, and it is not about a certificate. */
export function plainHint(base: string, code: string): string {
  if (base.startsWith('http:') && hungUp.test(code))
    return 'it takes the connection and hangs up: if the manager has TLS (TLS_CERT_FILE), write https:// in --url or IBGM_URL'
  return 'start it with `npm start` or `npm run demo`, or name another with --url or IBGM_URL'
}
