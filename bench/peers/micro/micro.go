// Go: goroutines on one processor, its channels and timers. Speaks as the programs of bench/micro.hpp do.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"sort"
	"strconv"
	"syscall"
	"time"
)

const (
	batch  = 4000
	timers = 10000
)

var (
	began   int64
	mallocs uint64
	elapsed int64
	sink    error
)

func cpu() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func allocations() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.Mallocs
}

func start() {
	mallocs = allocations()
	began = cpu()
}

func stop() {
	elapsed = cpu() - began
	mallocs = allocations() - mallocs
}

func fiberSwitch(count int) {
	done := make(chan bool)
	start()
	for fiber := 0; fiber < 2; fiber++ {
		go func() {
			for i := 0; i < count/2; i++ {
				runtime.Gosched()
			}
			done <- true
		}()
	}
	<-done
	<-done
	stop()
}

func fiberRun(count int) {
	result := make(chan int, 1)
	start()
	for i := 0; i < count; i++ {
		go func() { result <- 1 }()
		<-result
	}
	stop()
}

func rendezvous(count int) {
	values := make(chan int)
	go func() {
		for i := 0; i < count; i++ {
			values <- 1
		}
	}()
	start()
	for i := 0; i < count; i++ {
		<-values
	}
	stop()
}

// A buffered channel of closures: filled, then emptied.
func threadCall(count int) {
	calls := make(chan func(), batch)
	ran := 0
	start()
	for ran < count {
		for i := 0; i < batch; i++ {
			calls <- func() { ran++ }
		}
		for i := 0; i < batch; i++ {
			(<-calls)()
		}
	}
	stop()
}

func armed() []*time.Timer {
	all := make([]*time.Timer, timers)
	for i := range all {
		all[i] = time.AfterFunc(time.Duration(100+i)*time.Second, func() {})
	}
	return all
}

func disarm(all []*time.Timer) {
	for _, timer := range all {
		timer.Stop()
	}
}

func timerCancel(count int) {
	all := armed()
	defer disarm(all)
	start()
	for i := 0; i < count; i++ {
		all[i%timers].Stop()
		all[i%timers] = time.AfterFunc(time.Duration(100+i*7%timers)*time.Second, func() {})
	}
	stop()
}

func timerRestart(count int) {
	all := armed()
	defer disarm(all)
	start()
	for i := 0; i < count; i++ {
		all[i%timers].Reset(600 * time.Second)
	}
	stop()
}

//go:noinline
func passed(level int) (int, error) {
	if level == 1 {
		return 0, errors.New("the disk is full")
	}
	n, err := passed(level - 1)
	if err != nil {
		return 0, err
	}
	return n + 1, nil
}

func errorValue(count int) {
	start()
	for i := 0; i < count; i++ {
		_, sink = passed(4)
	}
	stop()
}

func main() {
	rows := map[string]func(int){
		"fiber_switch":  fiberSwitch,
		"fiber_run":     fiberRun,
		"rendezvous":    rendezvous,
		"thread_call":   threadCall,
		"timer_cancel":  timerCancel,
		"timer_restart": timerRestart,
		"error_value":   errorValue,
	}
	if len(os.Args) == 2 && os.Args[1] == "--rows" {
		var names []string
		for name := range rows {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			fmt.Println(name)
		}
		return
	}
	if len(os.Args) == 3 {
		count, err := strconv.Atoi(os.Args[2])
		if row := rows[os.Args[1]]; row != nil && err == nil && count > 0 && count%batch == 0 {
			runtime.GOMAXPROCS(1)
			row(batch)
			row(count)
			fmt.Printf("%s %.3f %.3f\n", os.Args[1], float64(elapsed)/float64(count), float64(mallocs)/float64(count))
			return
		}
	}
	fmt.Fprintf(os.Stderr, "%s: --rows, or a row and a multiple of %d\n", os.Args[0], batch)
	os.Exit(2)
}
