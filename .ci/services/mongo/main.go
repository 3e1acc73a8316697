// A MongoDB-protocol server for tests: FerretDB with its SQLite backend, in one process. It checks no password.
package main

import (
	"context"
	"flag"
	"io"
	"log"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:27017", "host:port to listen on")
	data := flag.String("data", "", "folder for the data, made when it lacks; without one, a temporary folder that goes at the end")
	flag.Parse()
	if err := run(*listen, *data); err != nil {
		log.Fatal(err)
	}
}

func run(listen, data string) error {
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
	log.Printf("MongoDB protocol on %s, data in %s", listen, data)
	return server.Run(ctx)
}
