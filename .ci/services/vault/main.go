// A real Vault for tests: HashiCorp's own core and HTTP handler. By default on storage in memory, initialised, unsealed, with KV v1 at kv1/,
// KV v2 at secret/ and AppRole; with -storage as a fresh server comes: files, nothing initialised.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	hclog "github.com/hashicorp/go-hclog"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/audit"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/helper/namespace"
	"github.com/hashicorp/vault/helper/testhelpers/corehelpers"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical"
	"github.com/hashicorp/vault/sdk/physical/file"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

// State is what tests need to know. Sealing and unsealing go over HTTP: sys/seal with the root token, sys/unseal with the key.
type State struct {
	Address   string `json:"address"`
	RootToken string `json:"rootToken"`
	UnsealKey string `json:"unsealKey"`
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8200", "host:port to listen on; port 0 takes any free one")
	state := flag.String("state", "", "file to write {address, rootToken, unsealKey} to (mode 600) once everything is ready")
	storage := flag.String("storage", "", "folder of file storage; nothing is initialised then, nor unsealed: do it over HTTP")
	flag.Parse()
	if err := run(*listen, *state, *storage); err != nil {
		log.Fatal(err)
	}
}

func run(listen, stateFile, storage string) error {
	core, err := newCore(storage)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	state := State{Address: "http://" + listener.Addr().String()}
	if storage == "" {
		if err := prepare(core, &state); err != nil {
			return err
		}
	}
	handler := vaulthttp.Handler.Handler(&vault.HandlerProperties{
		Core:           core,
		ListenerConfig: &configutil.Listener{Address: listener.Addr().String()},
	})
	failed := make(chan error, 1)
	go func() { failed <- http.Serve(listener, handler) }()
	if stateFile != "" {
		if err := writeState(stateFile, state); err != nil {
			return err
		}
	}
	log.Printf("Vault on %s", state.Address)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

func newCore(storage string) (*vault.Core, error) {
	logger := hclog.NewNullLogger()
	open := func() (physical.Backend, error) { return inmem.NewInmem(nil, logger) }
	if storage != "" {
		open = func() (physical.Backend, error) {
			return file.NewFileBackend(map[string]string{"path": storage}, logger)
		}
	}
	backend, err := open()
	if err != nil {
		return nil, err
	}
	return vault.NewCore(&vault.CoreConfig{
		Physical:           backend,
		DisableMlock:       true,
		Logger:             logger,
		NumRollbackWorkers: 1,
		BuiltinRegistry:    corehelpers.NewMockBuiltinRegistry(),
		AuditBackends:      map[string]audit.Factory{},
		LogicalBackends:    map[string]logical.Factory{"kv": kv.Factory},
		CredentialBackends: map[string]logical.Factory{"approle": approle.Factory},
	})
}

func prepare(core *vault.Core, state *State) error {
	ctx := namespace.RootContext(context.Background())
	oneShare := vault.SealConfig{SecretShares: 1, SecretThreshold: 1, StoredShares: 1}
	made, err := core.Initialize(ctx, &vault.InitParams{BarrierConfig: &oneShare, RecoveryConfig: &vault.SealConfig{}})
	if err != nil {
		return err
	}
	state.RootToken = made.RootToken
	state.UnsealKey = hex.EncodeToString(made.SecretShares[0])
	// The core wipes the key that it is given.
	if _, err := core.Unseal(append([]byte(nil), made.SecretShares[0]...)); err != nil {
		return err
	}
	as := func(operation logical.Operation, path string, data map[string]any) error {
		answer, err := core.HandleRequest(ctx, &logical.Request{
			Operation: operation, Path: path, Data: data, ClientToken: made.RootToken,
		})
		if err == nil && answer != nil && answer.IsError() {
			err = answer.Error()
		}
		return err
	}
	versioned := map[string]any{"type": "kv", "options": map[string]any{"version": "2"}}
	for path, data := range map[string]map[string]any{
		"sys/mounts/secret": versioned,
		"sys/mounts/kv1":    {"type": "kv", "options": map[string]any{"version": "1"}},
		"sys/auth/approle":  {"type": "approle"},
	} {
		if err := as(logical.UpdateOperation, path, data); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	// A fresh KV v2 mount refuses everything for a moment, while it makes its keys.
	for attempt := 0; attempt < 300; attempt++ {
		if err = as(logical.ReadOperation, "secret/config", nil); err == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return errors.Join(errors.New("the KV v2 mount did not become ready"), err)
}

// By rename, so that whoever waits for the file never reads half of it.
func writeState(path string, state State) error {
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".state-")
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	if _, err := draft.Write(append(text, '\n')); err != nil {
		return err
	}
	if err := draft.Close(); err != nil {
		return err
	}
	return os.Rename(draft.Name(), path)
}
