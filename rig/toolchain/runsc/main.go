// Command containerd-shim-runsc-v1 is gVisor's shim, started the way that containerd's runc shim is.
//
// gVisor's own start asks for an OOM score that the kernel refuses without CAP_SYS_RESOURCE, and
// answers in a form that containerd learnt in 1.7; all else of the shim is gVisor's. (The runc shim
// with runsc as its runc doesn't notice when a container ends: all of a pod have the sandbox's pid.)
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/shim"
	gvisor "gvisor.dev/gvisor/pkg/shim/v1"
	_ "gvisor.dev/gvisor/pkg/shim/v1/plugin"
)

// podAnnotation is the container of the pod's sandbox: one shim serves all containers of a pod.
const podAnnotation = "io.kubernetes.cri.sandbox-id"

func main() {
	shim.Run(context.Background(), manager{gvisor.NewShimManager("io.containerd.runsc.v1")})
}

type manager struct {
	shim.Manager
}

// Start starts the pod's shim unless it runs, says where it listens, and ends this process.
func (manager) Start(ctx context.Context, id string, opts shim.StartOpts) (shim.BootstrapParams, error) {
	address, err := start(ctx, id, opts)
	if err != nil {
		return shim.BootstrapParams{}, err
	}
	fmt.Print(address) // Run would print JSON; every containerd understands the bare address
	os.Exit(0)
	panic("unreachable")
}

func start(ctx context.Context, id string, opts shim.StartOpts) (string, error) {
	namespace, err := namespaces.NamespaceRequired(ctx)
	if err != nil {
		return "", err
	}
	pod, err := podOf(id)
	if err != nil {
		return "", err
	}
	address, err := shim.SocketAddress(ctx, opts.Address, pod, opts.Debug)
	if err != nil {
		return "", err
	}
	// Where the shim of the pod looks for its socket when it ends, to remove it.
	if err := os.WriteFile("address", []byte(address), 0o600); err != nil {
		return "", err
	}
	socket, err := shim.NewSocket(address)
	if shim.SocketEaddrinuse(err) {
		if shim.CanConnect(address) {
			return address, nil
		}
		if err := shim.RemoveSocket(address); err != nil { // of a shim that was killed
			return "", err
		}
		socket, err = shim.NewSocket(address)
	}
	if err != nil {
		return "", err
	}
	file, err := socket.File()
	if err != nil {
		return "", err
	}
	return address, serve(file, "-namespace", namespace, "-address", opts.Address, "-id", id)
}

// podOf returns the pod's sandbox of a container whose bundle is the working directory.
func podOf(id string) (string, error) {
	text, err := os.ReadFile("config.json")
	if err != nil {
		return "", err
	}
	var spec struct{ Annotations map[string]string }
	if err := json.Unmarshal(text, &spec); err != nil {
		return "", err
	}
	if pod := spec.Annotations[podAnnotation]; pod != "" {
		return pod, nil
	}
	return id, nil
}

// serve starts this program again, as the one that stays.
func serve(socket *os.File, arguments ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	command := exec.Command(self, arguments...)
	command.Env = append(os.Environ(), "GOMAXPROCS=2") // as containerd's own shims
	command.ExtraFiles = []*os.File{socket}
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return err
	}
	if err := shim.WritePidFile("shim.pid", command.Process.Pid); err != nil {
		return err
	}
	return shim.AdjustOOMScore(command.Process.Pid)
}
