// gotlog reads one of Sigill's logs over HTTP with Go's own golang.org/x/mod/sumdb packages, and believes nothing:
//
//	gotlog LOG-URL VKEY [-entries] [-old NOTE-FILE] [-receipt PROOF-FILE -leaf LEAF-FILE]
//
// It verifies the checkpoint's signature, re-derives every leaf's inclusion from the tiles, the consistency with an
// older checkpoint, every entry's hash where entries may be read, and a receipt (c2sp.org/tlog-proof).
// It prints what it checked as one line of JSON, and ends with 1 at the first thing that does not hold.
package main

import (
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

type checked struct {
	Size         int64 `json:"size"`
	Inclusions   int64 `json:"inclusions"`
	Entries      int64 `json:"entries"`
	Consistent   int64 `json:"consistent_with"`
	ReceiptIndex int64 `json:"receipt_index"`
	Tiles        int   `json:"tiles"`
}

func main() {
	flags := flag.NewFlagSet("gotlog", flag.ExitOnError)
	entries := flags.Bool("entries", false, "read the entries too")
	old := flags.String("old", "", "a checkpoint kept earlier")
	receipt := flags.String("receipt", "", "a tlog-proof")
	leaf := flags.String("leaf", "", "the leaf that the receipt is for")
	if len(os.Args) < 3 {
		fail("usage: gotlog LOG-URL VKEY [-entries] [-old FILE] [-receipt FILE -leaf FILE]")
	}
	check(flags.Parse(os.Args[3:]))
	verifier, err := note.NewVerifier(os.Args[2])
	check(err)
	done := checked{Consistent: -1, ReceiptIndex: -1}
	reader := &tiles{url: os.Args[1]}
	tree := openCheckpoint(get(os.Args[1]+"/checkpoint"), verifier)
	hashes := tlog.TileHashReader(tree, reader)
	done.Size = tree.N
	leaves := readLeaves(tree, hashes)
	for index, hash := range leaves {
		proof, err := tlog.ProveRecord(tree.N, int64(index), hashes)
		check(err)
		check(tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), hash))
		done.Inclusions++
	}
	if *entries {
		done.Entries = checkEntries(os.Args[1], leaves)
	}
	if *old != "" {
		earlier := openCheckpoint(read(*old), verifier)
		proof, err := tlog.ProveTree(tree.N, earlier.N, hashes)
		check(err)
		check(tlog.CheckTree(proof, tree.N, tree.Hash, earlier.N, earlier.Hash))
		done.Consistent = earlier.N
	}
	if *receipt != "" {
		done.ReceiptIndex = checkReceipt(string(read(*receipt)), read(*leaf), verifier)
	}
	done.Tiles = reader.count
	check(json.NewEncoder(os.Stdout).Encode(done))
}

// openCheckpoint verifies a signed checkpoint (c2sp.org/tlog-checkpoint) and returns its tree.
func openCheckpoint(data []byte, verifier note.Verifier) tlog.Tree {
	opened, err := note.Open(data, note.VerifierList(verifier))
	check(err)
	lines := strings.Split(opened.Text, "\n")
	if lines[0] != verifier.Name() {
		fail("a checkpoint of " + lines[0])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	hash, err := tlog.ParseHash(lines[2])
	check(err)
	return tlog.Tree{N: size, Hash: hash}
}

// readLeaves returns the hash of every leaf; TileHashReader checks the tiles against the tree's root.
func readLeaves(tree tlog.Tree, hashes tlog.HashReader) []tlog.Hash {
	var leaves []tlog.Hash
	for begin := int64(0); begin < tree.N; begin += 256 {
		var wanted []int64
		for index := begin; index < tree.N && index < begin+256; index++ {
			wanted = append(wanted, tlog.StoredHashIndex(0, index))
		}
		some, err := hashes.ReadHashes(wanted)
		check(err)
		leaves = append(leaves, some...)
	}
	return leaves
}

// checkEntries reads the entry bundles (c2sp.org/tlog-tiles) and compares each entry's hash with its leaf.
func checkEntries(url string, leaves []tlog.Hash) int64 {
	var count int64
	for begin := 0; begin < len(leaves); begin += 256 {
		width := len(leaves) - begin
		path := fmt.Sprintf("/tile/entries/%s", index(int64(begin/256)))
		if width < 256 {
			path += fmt.Sprintf(".p/%d", width)
		}
		bundle := get(url + path)
		for position := begin; len(bundle) > 0; position++ {
			length := int(binary.BigEndian.Uint16(bundle))
			if tlog.RecordHash(bundle[2:2+length]) != leaves[position] {
				fail(fmt.Sprintf("entry %d is not the leaf", position))
			}
			bundle = bundle[2+length:]
			count++
		}
	}
	return count
}

// checkReceipt verifies a tlog-proof of a leaf and returns its index.
func checkReceipt(text string, leaf []byte, verifier note.Verifier) int64 {
	head, signed, found := strings.Cut(text, "\n\n")
	if !found {
		fail("not a tlog-proof")
	}
	lines := strings.Split(head, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		fail("not a tlog-proof of version 1")
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	position, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	check(err)
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		check(err)
		proof = append(proof, hash)
	}
	tree := openCheckpoint([]byte(signed), verifier)
	check(tlog.CheckRecord(proof, tree.N, tree.Hash, position, tlog.RecordHash(leaf)))
	return position
}

// tiles reads hash tiles over HTTP. Go's module mirror has the tile height in its paths; C2SP's tiles have not.
type tiles struct {
	url   string
	count int
}

func (t *tiles) Height() int { return tileHeight }

func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		path := fmt.Sprintf("%s/tile/%d/%s", t.url, tile.L, index(tile.N))
		if tile.W < 1<<tileHeight {
			path += fmt.Sprintf(".p/%d", tile.W)
		}
		found = append(found, get(path))
		t.count++
	}
	return found, nil
}

func (t *tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// index writes a tile's number as C2SP does: 1234067 is x001/x234/067.
func index(number int64) string {
	text := fmt.Sprintf("%03d", number%1000)
	for number >= 1000 {
		number /= 1000
		text = fmt.Sprintf("x%03d/%s", number%1000, text)
	}
	return text
}

func get(url string) []byte {
	answer, err := http.Get(url)
	check(err)
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		fail(url + ": " + answer.Status)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, 1<<25))
	check(err)
	return data
}

func read(name string) []byte {
	data, err := os.ReadFile(name)
	check(err)
	return data
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
