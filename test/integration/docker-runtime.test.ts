// The Docker runtime on a real engine: the port's contract, and what a container of ours is made of.
import t from 'tap'
import { labels } from '../../src/adapters/docker/labels.ts'
import { runtimeContract } from '../contracts/runtime.ts'
import { anySignal, goodLogin, lineOf, placementOf, specOf } from '../contracts/runtime-subject.ts'
import { dockerSubject, gateEngine, image } from './docker-subject.ts'

const oddPassword = `s\\i"m'#=é€`

if (await gateEngine(t)) {
  t.test('contract', async (t) => runtimeContract(t, dockerSubject(t)))

  t.test('what a container is made of, and that no secret is in it', async (t) => {
    const subject = dockerSubject(t)
    const { runtime, docker } = subject
    const spec = specOf(subject, 'made', { timeZone: 'Europe/Berlin', twofaDevice: 'IB Key', vnc: true })
    const placement = await placementOf()
    const login = { username: 'bob\\-oddpass', password: oddPassword }
    const { id } = await runtime.run(spec, placement, login, anySignal)
    const info = await docker.getContainer(id).inspect()
    for (const variable of [
      'TWS_USERID=bob\\\\-oddpass',
      'TRADING_MODE=paper',
      'READ_ONLY_API=no',
      'AUTO_RESTART_TIME=04:30 PM',
      'EXISTING_SESSION_DETECTED_ACTION=primary',
      'RELOGIN_AFTER_TWOFA_TIMEOUT=yes',
      'TWOFA_TIMEOUT_ACTION=exit',
      'TWOFA_DEVICE=IB Key',
      'TWS_ACCEPT_INCOMING=reject',
      'JAVA_HEAP_SIZE=1024',
      'TZ=Europe/Berlin',
      'TIME_ZONE=Europe/Berlin',
    ]) {
      t.ok(info.Config.Env.includes(variable), variable)
    }
    t.match(info.HostConfig, {
      Memory: 512 * 1024 * 1024,
      Init: true,
      RestartPolicy: { Name: 'no' },
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      NetworkMode: subject.network,
    })
    t.match(info.Config, { StopTimeout: 30, Image: image })
    t.match(info.Config.Labels, {
      [labels.manager]: subject.managerId,
      [labels.follower]: 'made',
      [labels.hostPort]: String(placement.hostPort),
    })
    const ports = info.NetworkSettings.Ports as Record<string, Array<{ HostIp: string; HostPort: string }>>
    t.strictSame(ports['4004/tcp'], [{ HostIp: '127.0.0.1', HostPort: String(placement.hostPort) }])
    t.equal(ports['5900/tcp']?.[0]?.HostIp, '127.0.0.1')
    t.equal(ports['4003/tcp'], undefined, 'only the port of its mode')

    const shown = JSON.stringify(info)
    const escaped = `s\\\\i"m'#=\\u00e9\\u20ac`
    for (const secret of [oddPassword, escaped, JSON.stringify(oddPassword).slice(1, -1), "m'#="]) {
      t.notOk(shown.includes(secret), 'the password is nowhere in inspect')
    }
    t.equal(await subject.exec(id, 'bash', '-c', 'echo "$(<$TWS_PASSWORD_FILE)"'), escaped)
    const vncPassword = await subject.exec(id, 'bash', '-c', 'echo "$(<$VNC_SERVER_PASSWORD_FILE)"')
    t.match(vncPassword, /^[\w-]{8}$/)
    t.notOk(shown.includes(vncPassword))
    t.strictSame(await runtime.vncAccess?.(id, anySignal), {
      host: '127.0.0.1',
      port: Number(ports['5900/tcp']?.[0]?.HostPort),
      password: vncPassword,
    })
    await lineOf(runtime, id, /Login has completed/)
    t.match(await lineOf(runtime, id, /CommandServer listening/), /127\.0\.0\.1; port: 7462/)
    // The image has no stat; bash's tests speak for the gateway's own user, which exec runs as.
    const can = 'for f in "$TWS_PASSWORD_FILE" "$TWS_SETTINGS_PATH"; do [ -O "$f" ] && echo owned; done'
    t.equal(await subject.exec(id, 'bash', '-c', can), 'owned\nowned')
    t.equal(await subject.exec(id, 'bash', '-c', '[ -w "$TWS_SETTINGS_PATH" ] && echo writable'), 'writable')
  })

  t.test('settings outlive the container, and take on a changed time zone', async (t) => {
    const subject = dockerSubject(t)
    const { runtime } = subject
    const placement = await placementOf()
    const first = await runtime.run(specOf(subject, 'kept'), placement, goodLogin, anySignal)
    const write = 'printf "[Logon]\\nTimeZone=America/New_York\\nLocale=en\\n" > "$TWS_SETTINGS_PATH/jts.ini"'
    await subject.exec(first.id, 'bash', '-c', write)
    await runtime.stop(first.id, 5_000, anySignal)
    await runtime.remove(first.id, anySignal)
    const moved = specOf(subject, 'kept', { timeZone: 'Asia/Tokyo', specHash: 'spec-2' })
    const second = await runtime.run(moved, placement, goodLogin, anySignal)
    await lineOf(runtime, second.id, /Starting Gateway/)
    const read = 'echo "$(<$TWS_SETTINGS_PATH/jts.ini)"'
    t.equal(await subject.exec(second.id, 'bash', '-c', read), '[Logon]\nTimeZone=Asia/Tokyo\nLocale=en')
    await runtime.remove(second.id, anySignal)
    const volumes = async () => {
      const filters = { label: [`${labels.manager}=${subject.managerId}`] }
      return (await subject.docker.listVolumes({ filters })).Volumes?.map(({ Name }) => Name) ?? []
    }
    t.strictSame(await volumes(), [`${subject.prefix}-kept-settings`])
    await runtime.removeSettings('kept', anySignal)
    t.strictSame(await volumes(), [])
  })

  t.test("a stranger's container of the name is never touched", async (t) => {
    const subject = dockerSubject(t)
    const { runtime, docker } = subject
    const stranger = await docker.createContainer({ name: `${subject.prefix}-mine`, Image: image })
    t.teardown(() => stranger.remove({ force: true }))
    const run = runtime.run(specOf(subject, 'mine'), await placementOf(), goodLogin, anySignal)
    await t.rejects(run, { code: 'NAME_IN_USE' })
    t.equal((await stranger.inspect()).Id, stranger.id)
    t.strictSame(await runtime.list(anySignal), [])
    t.equal(await runtime.inspect('mine', anySignal), null)
  })

  t.test('a missing image, and a failed run that leaves no volume either', async (t) => {
    const subject = dockerSubject(t)
    const { runtime, docker } = subject
    const missing = specOf(subject, 'imageless', { image: 'ibgm-no-such-image:1' })
    t.equal(await runtime.hasImage(missing.image, anySignal), false)
    await t.rejects(runtime.run(missing, await placementOf(), goodLogin, anySignal), {
      code: 'IMAGE_MISSING',
    })
    const { hostPort } = await runtime.run(specOf(subject, 'a'), await placementOf(), goodLogin, anySignal)
    const run = runtime.run(specOf(subject, 'b'), await placementOf({ hostPort }), goodLogin, anySignal)
    await t.rejects(run, { code: 'PORT_IN_USE' })
    const { Volumes } = await docker.listVolumes({ filters: { name: [`${subject.prefix}-b`] } })
    t.strictSame(Volumes ?? [], [])
  })

  t.test('a paused gateway shows as such, and stops all the same', async (t) => {
    const subject = dockerSubject(t)
    const { runtime, docker } = subject
    const { id } = await runtime.run(specOf(subject, 'paused'), await placementOf(), goodLogin, anySignal)
    await docker.getContainer(id).pause()
    t.equal((await runtime.inspect('paused', anySignal))?.state, 'paused')
    await runtime.stop(id, 1_000, anySignal)
    t.equal((await runtime.inspect('paused', anySignal))?.state, 'exited')
    t.equal(await runtime.vncAccess?.(id, anySignal), null, 'no screen: it has none, and is not up')
  })
}
