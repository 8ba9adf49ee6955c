import { existsSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"
import type { Broker } from "./broker.ts"

const image = "rabbitmq:3.13-management-alpine"
const amqpPort = 5672
const managementPort = 15672
const startTimeoutMs = 180_000

/** Whether there is anything to ask for a container: cheap, and without loading testcontainers. */
export function mayHaveContainers(): boolean {
  if (process.env.DOCKER_HOST || process.env.TESTCONTAINERS_HOST_OVERRIDE) return true
  const inHome = [".docker/run/docker.sock", ".colima/default/docker.sock", ".rd/docker.sock"]
  const sockets = ["/var/run/docker.sock", ...inHome.map((path) => join(homedir(), path))]
  return sockets.some((path) => existsSync(path))
}

/**
 * A broker in a container, published on ports of the loopback interface. Testcontainers' own reaper
 * removes it when this process ends without stopping it.
 */
export async function containerBroker(): Promise<Broker> {
  const { GenericContainer, Wait } = await import("testcontainers")
  class LoopbackContainer extends GenericContainer {
    /** Docker publishes on all interfaces unless told otherwise, and there is no option to tell it. */
    protected override async beforeContainerCreated(): Promise<void> {
      const published: Record<string, { HostIp?: string; HostPort?: string }[]> =
        this.hostConfig.PortBindings ?? {}
      for (const bindings of Object.values(published)) {
        for (const binding of bindings) binding.HostIp = "127.0.0.1"
      }
    }
  }
  const container = await new LoopbackContainer(image)
    .withExposedPorts(amqpPort, managementPort)
    .withCommand([
      "sh",
      "-c",
      "rabbitmq-plugins enable --offline rabbitmq_consistent_hash_exchange && exec rabbitmq-server",
    ])
    .withWaitStrategy(Wait.forLogMessage("Server startup complete"))
    .withStartupTimeout(startTimeoutMs)
    .start()
  const host = container.getHost()
  return {
    kind: "container",
    url: `amqp://guest:guest@${host}:${container.getMappedPort(amqpPort)}`,
    managementUrl: `http://${host}:${container.getMappedPort(managementPort)}`,
    stop: async () => {
      await container.stop()
    },
  }
}
