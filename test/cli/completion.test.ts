// Completion: the words that may come next, and a real bash that has sourced the script.
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { testFolder } from '../test-folder.ts'
import { closedUrl, gateway, ibgm, stubApi } from './harness.ts'

const items = ['alpha', 'alto', 'bravo', '$(touch hacked)'].map((followerId) => gateway({ followerId }))

/** What is offered after these words, the last of which is being typed. */
async function offered(url: string, ...words: string[]) {
  const { stdout, stderr, code } = await ibgm(['__complete', '--', ...words], { env: { IBGM_URL: url } })
  return { words: stdout.split('\n').filter(Boolean), stderr, code }
}

t.test('commands, their own commands, options, choices and follower ids', async (t) => {
  const api = await stubApi(t, () => ({ body: { items, counts: {} } }))
  const cases: Array<[typed: string[], found: string[]]> = [
    [['lau'], ['launch']],
    [
      ['followers', 'cr'],
      ['create', 'credentials'],
    ],
    [
      ['launch', 'al'],
      ['alpha', 'alto'],
    ],
    [
      ['launch', 'alpha', ''],
      ['alpha', 'alto', 'bravo'],
    ],
    [['logs', 'alpha', '--f'], ['--follow']],
    [['--url', 'http://x', 'lau'], ['launch']],
    [['launch', '--wait', 'b'], ['bravo']],
    [['restart', 'alpha', '--mode', 's'], ['soft']],
    [['events', '--follower', 'br'], ['bravo']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['timeline', 'alpha', ''], []],
    [['alerts', 'ack', ''], []],
    [['status', '--js'], ['--json']],
    [['alerts', '--o'], ['--open']],
    [['alerts', '--follower', 'br'], ['bravo']],
    [['alerts', '--open', '--fo'], ['--follower']],
    [['alerts', '--open', ''], []],
    [['alerts', '--json', 'a'], ['ack']],
    [['alerts', 'ack', '--o'], []],
    [['gaps', '--sy'], ['--symbol']],
    [['gaps', 'scan', '--sy'], []],
  ]
  for (const [typed, found] of cases)
    t.strictSame((await offered(api.url, ...typed)).words, found, typed.join(' '))
  t.notOk((await offered(api.url, '')).words.includes('__complete'))
})

t.test('a manager that is away is no error', async (t) => {
  t.strictSame(await offered(await closedUrl(), 'status', ''), { words: [], stderr: '', code: 0 })
})

t.test('each shell has a script; another one is wrong usage', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await ibgm(['completion', shell])
    t.equal(code, 0)
    t.match(stdout, 'ibgm __complete')
  }
  t.equal((await ibgm(['completion', 'tcsh'])).code, 2)
})

/** Each prints what the three command lines are completed to, a line for each; zsh and fish where they are. */
const trials: Readonly<Record<string, { argv: readonly string[]; script: string }>> = {
  bash: {
    argv: ['--norc', '-c'],
    script: `
      source <(ibgm completion bash)
      COMP_WORDS=(ibgm logs al); COMP_CWORD=2; _ibgm; echo "\${COMPREPLY[*]}"
      COMP_WORDS=(ibgm res); COMP_CWORD=1; _ibgm; echo "\${COMPREPLY[*]}"
      COMP_WORDS=(ibgm logs zz); COMP_CWORD=2; _ibgm; echo "\${#COMPREPLY[@]} found"`,
  },
  zsh: {
    argv: ['-f', '-c'],
    script: `
      compdef() { }
      compadd() { print -r -- "\${found[*]}" }
      source <(ibgm completion zsh)
      words=(ibgm logs al); CURRENT=3; _ibgm
      words=(ibgm res); CURRENT=2; _ibgm
      compadd() { print -r -- "\${#found} found" }
      words=(ibgm logs zz); CURRENT=3; _ibgm`,
  },
  fish: {
    argv: ['--no-config', '-c'],
    script: `
      ibgm completion fish | source
      echo (complete -C 'ibgm logs al')
      echo (complete -C 'ibgm res')
      echo (complete -C 'ibgm logs zz' | count) found`,
  },
}

for (const [shell, { argv, script }] of Object.entries(trials)) {
  const isThere = spawnSync(shell, ['--version']).status === 0
  t.test(`${shell} completes by the script`, { skip: !isThere && `there is no ${shell}` }, async (t) => {
    const api = await stubApi(t, () => ({ body: { items, counts: {} } }))
    const dir = testFolder(t)
    const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))
    const command = join(dir, 'ibgm')
    writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`)
    chmodSync(command, 0o755)
    const child = spawn(shell, [...argv, script], {
      cwd: dir,
      env: { HOME: dir, PATH: `${dir}:${process.env.PATH}`, IBGM_URL: api.url },
    })
    const [said, complaints] = await Promise.all([text(child.stdout), text(child.stderr)])
    t.equal(complaints, '')
    t.strictSame(said.trimEnd().split('\n'), ['alpha alto', 'restart', '0 found'])
  })
}
