// Which manager a command talks to, and with which token: options, then environment, then the config file; and where each was said.
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { CliError, type Io } from './io.ts'

/** A setting, and where it comes from. */
export interface Setting {
  readonly value: string
  readonly from: string
}

export interface Connection {
  readonly url: Setting
  readonly token?: Setting
  /** Where the config file is, or would be; absent without a home. */
  readonly file?: string
  /** What was set and does not count, in words. */
  readonly unused?: string
}

interface ConfigFile {
  readonly url?: string
  readonly token?: string
  readonly tokenFile?: string
}

const defaultUrl = 'http://127.0.0.1:8080'
const keys = ['url', 'token', 'tokenFile']

/** CliError `usage` for a file that is not as it must be. The config file's token goes to the config file's manager only, never to one named elsewhere. */
export function readConnection(
  options: { readonly url?: string; readonly token?: string },
  env: Io['env'],
): Connection {
  const path = configPath(env)
  const file = path === undefined ? {} : readConfigFile(path, env)
  const fileUrl = file.url ?? defaultUrl
  const url = given(options.url, '--url') ??
    given(env.IBGM_URL, 'IBGM_URL') ??
    given(file.url, path) ?? { value: defaultUrl, from: 'the default' }
  const own =
    given(options.token, '--token') ??
    given(env.IBGM_TOKEN, 'IBGM_TOKEN') ??
    fromFile(env.IBGM_TOKEN_FILE, 'IBGM_TOKEN_FILE')
  const elsewhere = url.value.replace(/\/+$/, '') !== fileUrl.replace(/\/+$/, '')
  const ofFile = () => given(file.token, path) ?? fromFile(file.tokenFile, `tokenFile of ${path}`)
  const token = own ?? (elsewhere ? undefined : ofFile())
  const unused = !own && elsewhere && (file.token ?? file.tokenFile) !== undefined
  return {
    url,
    ...(token && { token }),
    ...(path !== undefined && { file: path }),
    ...(unused && { unused: `the token of ${path} is for ${fileUrl} only` }),
  }
}

function given(value: string | undefined, from: string | undefined): Setting | undefined {
  return value ? { value, from: from ?? '' } : undefined
}

function fromFile(path: string | undefined, name: string): Setting | undefined {
  if (!path) return undefined
  try {
    const value = readFileSync(path, 'utf8').trim()
    if (value === '') throw new Error('it is empty')
    return { value, from: `${path} (${name})` }
  } catch (cause) {
    throw new CliError('usage', `the token file ${path} cannot be read: ${(cause as Error).message}`, {
      hint: `${name} names a file that holds a token and nothing else`,
      cause,
    })
  }
}

/** `$XDG_CONFIG_HOME/ibgm/config.json`, else below `~/.config`. */
function configPath(env: Io['env']): string | undefined {
  const base = env.XDG_CONFIG_HOME || (env.HOME && join(env.HOME, '.config'))
  return base ? join(base, 'ibgm', 'config.json') : undefined
}

function readConfigFile(path: string, env: Io['env']): ConfigFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new CliError('usage', `${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
  const file = parse(path, text)
  if (file.token !== undefined && (statSync(path).mode & 0o077) !== 0)
    throw new CliError('usage', `${path} holds a token, and others than you may read it`, {
      hint: `chmod 600 ${path}`,
      code: 'CONFIG_EXPOSED',
    })
  if (file.tokenFile === undefined) return file
  return { ...file, tokenFile: file.tokenFile.replace(/^~(?=\/)/, env.HOME ?? '~') }
}

function parse(path: string, text: string): ConfigFile {
  const hint = `it takes {"url": "http://host:port", "token": "…"} or "tokenFile" in place of the token`
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new CliError('usage', `${path} is not JSON`, { hint })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CliError('usage', `${path} is not a JSON object`, { hint })
  for (const [key, entry] of Object.entries(value)) {
    if (!keys.includes(key)) throw new CliError('usage', `${path} does not take "${key}"`, { hint })
    if (typeof entry !== 'string') throw new CliError('usage', `${path}: ${key} is not a text`, { hint })
  }
  return value as ConfigFile
}
