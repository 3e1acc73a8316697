// What goes into a container before it starts, in one tar: password, start script, settings directory.
// Files and not environment, for `docker inspect` shows the environment (facts of the image: gnzsnz/ib-gateway-docker).
import { buffer } from 'node:stream/consumers'
import { type Header, pack } from 'tar-stream'
import { FleetError } from '../../ports/errors.ts'
import type { GatewayCredentials } from '../../ports/runtime.ts'

/** The image's HOME; its START_SCRIPTS is relative to it. */
const home = '/home/ibgateway'
const ours = `${home}/ibgm`
export const settingsPath = `${home}/tws_settings`
export const passwordPath = `${ours}/password`
export const vncPasswordPath = `${ours}/vnc-password`
export const startScripts = 'ibgm/start'
/** IBC's usual port (its user guide); loopback inside the container only. */
export const commandServerPort = 7462

/**
 * Runs before the image renders IBC's configuration. It switches IBC's command server on, and moves a kept `jts.ini` to the
 * record's zone, for the image writes that file only when there is none.
 */
const startScript = `#!/bin/bash
sed -i -e 's/^CommandServerPort=.*/CommandServerPort=${commandServerPort}/' \\
       -e 's/^BindAddress=.*/BindAddress=127.0.0.1/' "$IBC_INI_TMPL"
jts_ini="$TWS_SETTINGS_PATH/jts.ini"
if [ -f "$jts_ini" ]; then
  sed -i -e "s|^TimeZone=.*|TimeZone=$TIME_ZONE|" "$jts_ini"
fi
`

/** The image runs as this user and group. */
const gatewayUser = { uid: 1000, gid: 1000 }
/** Highest character that IBC reads as it stands: the file is a Java properties file in ISO 8859-1, rendered as is. */
const lastPlainCharacter = 0x7e

/** A user name or password as the image must be given it, so that the gateway receives what the person typed. */
export function escapeForIbc(value: string): string {
  let escaped = ''
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index)
    if (value[index] === '\\') escaped += '\\\\'
    else if (unit > lastPlainCharacter) escaped += `\\u${unit.toString(16).padStart(4, '0')}`
    else escaped += value[index]
  }
  return escaped
}

/**
 * Refuses what no gateway could receive, before a login is spent on it.
 * @throws FleetError CREDENTIALS_INCOMPLETE when one is empty (IBC would wait at its login window for ever), CREDENTIALS_INVALID
 *   for blanks at an end (IBC strips them), line ends and NUL. Never quotes the value.
 */
export function checkCredentials(followerId: string, credentials: GatewayCredentials): void {
  for (const field of ['username', 'password'] as const) {
    const value = credentials[field]
    if (value === '') {
      throw new FleetError(
        'CREDENTIALS_INCOMPLETE',
        `The ${field} of follower ${followerId} is empty; store both username and password`,
      )
    }
    const blankEnds = value.charCodeAt(0) <= 0x20 || value.charCodeAt(value.length - 1) <= 0x20
    if (blankEnds || /[\r\n\0]/.test(value)) {
      throw new FleetError(
        'CREDENTIALS_INVALID',
        `The ${field} of follower ${followerId} begins or ends with a blank or holds a line end, which IB Gateway cannot be given; store it without`,
      )
    }
  }
}

/** The tar to put at `/` of a container that is not started yet. Zero it after use. */
export async function startFiles(
  credentials: GatewayCredentials,
  vncPassword: string | undefined,
): Promise<Buffer> {
  const tar = pack()
  const add = (path: string, mode: number, content?: string | Buffer) => {
    const header: Partial<Header> & { name: string } = {
      name: path.slice(1),
      mode,
      ...gatewayUser,
      type: content === undefined ? 'directory' : 'file',
    }
    if (content === undefined) tar.entry(header)
    else tar.entry(header, content)
  }
  add(ours, 0o700)
  add(`${home}/${startScripts}`, 0o700)
  add(`${home}/${startScripts}/command-server.sh`, 0o500, startScript)
  const password = Buffer.from(escapeForIbc(credentials.password))
  add(passwordPath, 0o400, password)
  if (vncPassword !== undefined) add(vncPasswordPath, 0o400, vncPassword)
  // A fresh volume is root's where the image has no such path; the entry makes it the gateway's.
  add(settingsPath, 0o700)
  tar.finalize()
  try {
    return await buffer(tar)
  } finally {
    password.fill(0)
  }
}
