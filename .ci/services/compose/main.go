// Docker Compose v2 as a plugin of the docker command, built from its published sources.
package main

import (
	"os"

	dockercli "github.com/docker/cli/cli"
	"github.com/docker/cli/cli-plugins/metadata"
	"github.com/docker/cli/cli-plugins/plugin"
	"github.com/docker/cli/cli/command"
	"github.com/docker/compose/v2/cmd/compatibility"
	commands "github.com/docker/compose/v2/cmd/compose"
	"github.com/docker/compose/v2/pkg/compose"
	"github.com/spf13/cobra"
)

func main() {
	if plugin.RunningStandalone() {
		os.Args = append([]string{"docker"}, compatibility.Convert(os.Args[1:])...)
	}
	plugin.Run(func(cli command.Cli) *cobra.Command {
		root := commands.RootCommand(cli, compose.NewComposeService(cli).(commands.Backend))
		// The plugin's own preparation first: it connects the client that Compose's uses.
		prepare := root.PersistentPreRunE
		root.PersistentPreRunE = func(cmd *cobra.Command, args []string) error {
			if err := plugin.PersistentPreRunE(cmd, args); err != nil {
				return err
			}
			if prepare != nil {
				return prepare(cmd, args)
			}
			return nil
		}
		root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
			return dockercli.StatusError{StatusCode: 1, Status: err.Error()}
		})
		return root
	}, metadata.Metadata{SchemaVersion: "0.1.0", Vendor: "Docker Inc.", Version: "v2.40.0"})
}
