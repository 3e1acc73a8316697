// Programs that connect to a gateway with a client id of their own, to be copied whole. Pure.

export interface SnippetTarget {
  readonly followerId: string
  /** Address of the manager, without a slash at its end. */
  readonly manager: string
  /** The manager asks for a token; the programs take it from the environment, so that none is ever copied. */
  readonly needsToken: boolean
}

export interface Snippet {
  readonly name: string
  /** What has to be there first. */
  readonly needs: string
  readonly code: string
}

/** One for each way in. Follower ids need no escaping: the API admits none that would. */
export function snippetsFor(target: SnippetTarget): readonly Snippet[] {
  return [
    { name: 'ib_async', needs: 'Python: pip install ib_async', code: pythonOf(target) },
    { name: '@stoqey/ib', needs: 'TypeScript: npm install @stoqey/ib', code: typescriptOf(target) },
    { name: 'curl', needs: 'A shell', code: curlOf(target) },
  ]
}

const leasesOf = ({ manager, followerId }: SnippetTarget) =>
  `${manager}/api/v1/gateways/${followerId}/clients`

function pythonOf(target: SnippetTarget): string {
  return `import json${target.needsToken ? '\nimport os' : ''}
import urllib.request

from ib_async import IB

# A client id of your own. The same purpose gets the same id again.
request = urllib.request.Request(
    "${leasesOf(target)}",
    data=json.dumps({"purpose": "my-bot", "ttlSeconds": 3600}).encode(),
    headers={
        "content-type": "application/json",${target.needsToken ? '\n        "authorization": "Bearer " + os.environ["IBGM_TOKEN"],' : ''}
    },
)
with urllib.request.urlopen(request) as answer:
    lease = json.load(answer)

ib = IB()
ib.connect(lease["host"], lease["port"], clientId=lease["clientId"])
print("connected:", ib.managedAccounts())
ib.disconnect()
# A bot that stays: PUT ${leasesOf(target)}/<clientId> before lease["expiresAt"].
`
}

function typescriptOf(target: SnippetTarget): string {
  return `import { EventName, IBApi } from '@stoqey/ib'

// A client id of your own. The same purpose gets the same id again.
const answer = await fetch('${leasesOf(target)}', {
  method: 'POST',
  headers: {
    'content-type': 'application/json',${target.needsToken ? "\n    authorization: 'Bearer ' + process.env.IBGM_TOKEN," : ''}
  },
  body: JSON.stringify({ purpose: 'my-bot', ttlSeconds: 3600 }),
})
if (!answer.ok) throw new Error(await answer.text())
const lease = (await answer.json()) as { host: string; port: number; clientId: number; expiresAt: string }

const ib = new IBApi({ host: lease.host, port: lease.port, clientId: lease.clientId })
ib.on(EventName.error, (error, code) => console.error(code, error.message))
ib.once(EventName.managedAccounts, (accounts) => {
  console.log('connected:', accounts)
  ib.disconnect()
})
ib.connect()
// A bot that stays: PUT ${leasesOf(target)}/<clientId> before lease.expiresAt.
`
}

function curlOf(target: SnippetTarget): string {
  return `curl --fail-with-body --request POST '${leasesOf(target)}' \\
  --header 'content-type: application/json' \\${target.needsToken ? '\n  --header "authorization: Bearer $IBGM_TOKEN" \\' : ''}
  --data '{"purpose": "my-bot", "ttlSeconds": 3600}'
`
}
