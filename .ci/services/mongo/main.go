// A MongoDB-protocol server for tests: FerretDB with its SQLite backend, in one process. It checks no password.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"io"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:27017", "host:port to listen on; port 0 takes any free one")
	state := flag.String("state", "", "file to write {address} to (mode 600) once it listens")
	data := flag.String("data", "", "folder for the data, made when it lacks; without one, a temporary folder that goes at the end")
	flag.Parse()
	if err := run(*listen, *state, *data); err != nil {
		log.Fatal(err)
	}
}

func run(listen, stateFile, data string) error {
	if data == "" {
		folder, err := os.MkdirTemp("", "ibgm-mongo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		data = folder
	} else if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: listen},
		Handler:   "sqlite",
		SQLiteURL: "file:" + data + "/",
		Logger:    slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	address := server.MongoDBURI()
	if stateFile != "" {
		if err := writeState(stateFile, map[string]string{"address": address}); err != nil {
			return err
		}
	}
	log.Printf("MongoDB protocol on %s, data in %s", address, data)
	return <-ended
}

// By rename, so that whoever waits for the file never reads half of it.
func writeState(path string, state map[string]string) error {
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
