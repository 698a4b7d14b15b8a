// A server for tests that speaks MongoDB's protocol: FerretDB over SQLite, behind a gate.
//
//	ferretdb ADDRESS FOLDER [--no-gate]
//
// The gate lets one command through at a time. FerretDB 1 reads a document, changes it and writes it back without
// holding it, so that of two conditional updates of a document both may find their condition true: behind the gate a
// document is changed by one command at a time, which is what MongoDB promises and all that our code relies on.
// Without the gate, tests of that code must fail: see tests/accounts/mongodb_gate_test.py.
//
// Prints "ready ADDRESS" when it takes connections. Ends with SIGTERM.
package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/FerretDB/FerretDB/ferretdb"
)

const messageMax = 48 << 20

// readMessage returns one message of the wire protocol; its first four bytes are its length.
func readMessage(from io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(from, size[:]); err != nil {
		return nil, err
	}
	length := binary.LittleEndian.Uint32(size[:])
	if length < 16 || length > messageMax {
		return nil, errors.New("not a message")
	}
	message := make([]byte, length)
	copy(message, size[:])
	_, err := io.ReadFull(from, message[4:])
	return message, err
}

// expectsNoReply: OP_MSG with the flag moreToCome (an unacknowledged write).
func expectsNoReply(message []byte) bool {
	const opMsg, moreToCome = 2013, 2
	return binary.LittleEndian.Uint32(message[12:]) == opMsg && len(message) >= 20 &&
		binary.LittleEndian.Uint32(message[16:])&moreToCome != 0
}

// serve passes a client's messages on, each with its reply before the next one of anybody.
func serve(client net.Conn, socket string, gate sync.Locker) {
	defer client.Close()
	server, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer server.Close()
	exchange := func(message []byte) ([]byte, error) {
		gate.Lock()
		defer gate.Unlock()
		if _, err := server.Write(message); err != nil || expectsNoReply(message) {
			return nil, err
		}
		return readMessage(server)
	}
	for {
		message, err := readMessage(client)
		if err != nil {
			return
		}
		reply, err := exchange(message)
		if err != nil {
			return
		}
		if _, err := client.Write(reply); err != nil {
			return
		}
	}
}

type open struct{}

func (open) Lock()   {}
func (open) Unlock() {}

func run(address, folder string, gate sync.Locker) error {
	socket := filepath.Join(folder, "socket")
	_ = os.Remove(socket) // a killed one leaves it
	data := filepath.Join(folder, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	database, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: socket},
		Handler:   "sqlite",
		SQLiteURL: "file:" + data + "/",
	})
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- database.Run(ctx) }()
	for i := 0; ; i++ {
		probe, err := net.Dial("unix", socket)
		if err == nil {
			probe.Close()
			break
		}
		if i == 1000 {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		os.Exit(0) // connections need not be waited for
	}()
	fmt.Println("ready", address)
	for {
		client, err := listener.Accept()
		if err != nil {
			return err
		}
		go serve(client, socket, gate)
	}
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "ferretdb ADDRESS FOLDER [--no-gate]")
		os.Exit(2)
	}
	var gate sync.Locker = &sync.Mutex{}
	if len(os.Args) > 3 && os.Args[3] == "--no-gate" {
		gate = open{}
	}
	if err := run(os.Args[1], os.Args[2], gate); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
