// The gateways' bridge on a real engine: who can reach whom.
import t from 'tap'
import { anySignal, goodLogin, lineOf, placementOf, specOf } from '../contracts/runtime-subject.ts'
import { dockerSubject, gateEngine } from './docker-subject.ts'

/** Prints `yes` or why not. A dropped packet is no answer at all, so that takes its time. */
const probe = `
const socket = require('node:net').connect({ host: process.argv[1], port: Number(process.argv[2]), timeout: 700 })
const say = (text) => { console.log(text); process.exit() }
socket.on('connect', () => say('yes')).on('timeout', () => say('no answer')).on('error', (error) => say(error.code))`

if (await gateEngine(t)) {
  t.test('one bridge, on which gateways cannot reach each other', async (t) => {
    const subject = dockerSubject(t)
    const { runtime, docker } = subject
    const another = subject.another()
    await Promise.all([runtime, runtime, another].map((each) => each.prepare(anySignal)))
    const networks = await docker.listNetworks({ filters: { name: [subject.network] } })
    t.equal(networks.length, 1, 'one, although it was asked for three times at once')
    t.match(networks[0], { Driver: 'bridge', Options: { 'com.docker.network.bridge.enable_icc': 'false' } })

    const run = async (followerId: string) =>
      runtime.run(specOf(subject, followerId), await placementOf(), goodLogin, anySignal)
    const [one, other] = await Promise.all([run('one'), run('other')])
    for (const { id } of [one, other]) await lineOf(runtime, id, /Configuration tasks completed/)
    const info = await docker.getContainer(other.id).inspect()
    const address = info.NetworkSettings.Networks[subject.network]?.IPAddress
    const reach = (host: string, port: number) =>
      subject.exec(one.id, 'node', '-e', probe, host, String(port))
    t.match(address, /^\d+\./)
    t.equal(await reach('127.0.0.1', 4004), 'yes', 'its own port, so the probe works')
    t.equal(await reach(address ?? '', 4004), 'no answer')
    t.equal(await reach(other.name, 4004), 'no answer')
  })

  t.test('a network of that name that lets containers talk is refused', async (t) => {
    const subject = dockerSubject(t)
    const { runtime, docker } = subject
    const network = await docker.createNetwork({ Name: subject.network, Driver: 'bridge' })
    await t.rejects(runtime.prepare(anySignal), {
      code: 'NETWORK_UNSAFE',
      message: new RegExp(subject.network),
    })
    const run = runtime.run(specOf(subject, 'unsafe'), await placementOf(), goodLogin, anySignal)
    await t.rejects(run, { code: 'NETWORK_UNSAFE' })
    t.equal(await runtime.inspect('unsafe', anySignal), null)
    await network.remove()
    await runtime.prepare(anySignal)
  })

  t.test('a subnet of our choice', async (t) => {
    const subject = dockerSubject(t)
    const subnet = '10.213.77.0/24'
    await subject.another({ subnet }).prepare(anySignal)
    const info = await subject.docker.getNetwork(subject.network).inspect()
    t.match(info.IPAM?.Config, [{ Subnet: subnet }])
  })
}
