// `npm run simulator:image`: the simulated gateway as a container image, made on this machine from what is on it.
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import Docker from 'dockerode'
import { imageChanges, rootFileSystem } from './root-file-system.ts'

export const simulatorImage = 'ibgm-simulated-gateway:latest'

/**
 * Builds the image with the engine's import: no registry, no Dockerfile, a few seconds. An image that
 * had the name before is removed, unless a container still uses it or it has another name.
 */
export async function buildSimulatorImage(
  docker: Docker,
  print: (line: string) => void,
  image = simulatorImage,
): Promise<void> {
  const startedAt = performance.now()
  print(`Building ${image} from node ${process.version} and the compiled simulator ...`)
  const before = await inspected(docker, image)
  const [repo, tag] = image.split(':')
  const answer = await docker.importImage(await rootFileSystem(), { repo, tag, changes: imageChanges })
  const said = await text(answer)
  if (said.includes('"error"')) throw new Error(`The engine could not import the image: ${said.trim()}`)
  const { Id: id, Size: size } = await docker.getImage(image).inspect()
  if (before && before.Id !== id && (await inspected(docker, before.Id))?.RepoTags?.length === 0) {
    await docker.getImage(before.Id).remove().catch(ignoreInUse)
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  print(`${id.slice(0, 19)}  ${(size / 1e6).toFixed(0)} MB in ${seconds} s`)
}

function inspected(docker: Docker, image: string): Promise<Docker.ImageInspectInfo | undefined> {
  return docker
    .getImage(image)
    .inspect()
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode === 404) return undefined
      throw error
    })
}

function ignoreInUse(error: { statusCode?: number }): void {
  if (error.statusCode !== 409 && error.statusCode !== 404) throw error
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildSimulatorImage(new Docker(), (line) => process.stdout.write(`${line}\n`)).catch(
    (error: Error) => {
      process.stderr.write(
        `simulator:image: ${error.message}\nIs a Docker engine running, and may you use it?\n`,
      )
      process.exitCode = 1
    },
  )
}
