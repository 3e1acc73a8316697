# Vault for docker-compose.yml: one server, its data in a volume. The service `init` initialises and unseals it.
storage "file" {
  path = "/vault/file"
}

# Without TLS: reached from this machine alone, over 127.0.0.1 and the network of this compose project.
listener "tcp" {
  address     = "0.0.0.0:8200"
  tls_disable = true
}

api_addr      = "http://127.0.0.1:8200"
# Locking memory needs a capability; keep the host's swap off or encrypted.
disable_mlock = true
ui            = false
