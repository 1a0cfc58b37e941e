// A second opinion on trees, checkpoints and proofs: Go's x/mod/sumdb/tlog and note.
//
//	judge transcript SIZE   digest of every root and proof of the trees of up to SIZE entries
//	judge log DIR VKEY      verifies everything in a folder
//	judge notes FILE VKEY   one line for each note: accepted or rejected
//
// The tests of the crate claimledger-proof write the folder and say what it holds.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "judge:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "transcript":
		size, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return err
		}
		return transcript(size)
	case len(args) == 3 && args[0] == "log":
		return judgeLog(args[1], args[2])
	case len(args) == 3 && args[0] == "notes":
		return judgeNotes(args[1], args[2])
	}
	return errors.New("usage: transcript SIZE | log DIR VKEY | notes FILE VKEY")
}

// hashes is a tree in memory, in the order of tlog's stored hashes.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("hash %d is not stored", index)
		}
		found[i] = h[index]
	}
	return found, nil
}

func (h *hashes) add(index int64, entry []byte) error {
	more, err := tlog.StoredHashes(index, entry, *h)
	*h = append(*h, more...)
	return err
}

// transcript hashes every root, inclusion proof and consistency proof, in order of size and index.
func transcript(most int64) error {
	var tree hashes
	digest := sha256.New()
	say := func(list ...tlog.Hash) {
		digest.Write([]byte{byte(len(list))})
		for _, hash := range list {
			digest.Write(hash[:])
		}
	}
	for size := int64(1); size <= most; size++ {
		if err := tree.add(size-1, []byte(fmt.Sprintf("entry %d", size-1))); err != nil {
			return err
		}
		root, err := tlog.TreeHash(size, tree)
		if err != nil {
			return err
		}
		say(root)
		for index := int64(0); index < size; index++ {
			proof, err := tlog.ProveRecord(size, index, tree)
			if err != nil {
				return err
			}
			say(proof...)
		}
		for old := int64(1); old <= size; old++ {
			proof, err := tlog.ProveTree(size, old, tree)
			if err != nil {
				return err
			}
			say(proof...)
		}
	}
	fmt.Printf("%x\n", digest.Sum(nil))
	return nil
}

// head reads a checkpoint.
func head(signed []byte, known note.Verifiers) (tlog.Tree, error) {
	opened, err := note.Open(signed, known)
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 {
		return tlog.Tree{}, errors.New("a checkpoint with too few lines")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	var parsed []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, hash)
	}
	return parsed, nil
}

type folder struct {
	path  string
	known note.Verifiers
	// Checkpoints by size.
	heads map[int64]tlog.Tree
	last  tlog.Tree
	// Rebuilt from the entries of the last checkpoint.
	tree    hashes
	entries [][]byte
}

func judgeLog(path, vkey string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	log := folder{path: path, known: note.VerifierList(verifier), heads: map[int64]tlog.Tree{}}
	for _, step := range []func() (int, error){
		log.checkpoints, log.readEntries, log.roots, log.tiles, log.consistency, log.proofs,
	} {
		count, err := step()
		if err != nil {
			return err
		}
		fmt.Print(count, " ")
	}
	fmt.Println("checkpoints, entries, roots, tiles, consistency proofs, proof files")
	return nil
}

func (f *folder) checkpoints() (int, error) {
	paths, err := filepath.Glob(filepath.Join(f.path, "checkpoints", "*"))
	if err != nil {
		return 0, err
	}
	for _, path := range append(paths, filepath.Join(f.path, "checkpoint")) {
		signed, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		tree, err := head(signed, f.known)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		f.heads[tree.N] = tree
		f.last = tree
	}
	return len(paths), nil
}

// tilePath is tlog's path without the height, which C2SP leaves out, and with its name for entries.
func (f *folder) tilePath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), "tile/8/")
	if tile.L == -1 {
		path = "entries/" + strings.TrimPrefix(path, "data/")
	}
	return filepath.Join(f.path, "tile", path)
}

func (f *folder) readEntries() (int, error) {
	for first := int64(0); first < f.last.N; first += 256 {
		width := f.last.N - first
		if width > 256 {
			width = 256
		}
		path := f.tilePath(tlog.Tile{H: 8, L: -1, N: first / 256, W: int(width)})
		bundle, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		for ; width > 0; width-- {
			if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
				return 0, fmt.Errorf("%s is too short", path)
			}
			length := int(binary.BigEndian.Uint16(bundle))
			entry := bundle[2 : 2+length]
			if err := f.tree.add(int64(len(f.entries)), entry); err != nil {
				return 0, err
			}
			f.entries = append(f.entries, entry)
			bundle = bundle[2+length:]
		}
		if len(bundle) > 0 {
			return 0, fmt.Errorf("%s is too long", path)
		}
	}
	return len(f.entries), nil
}

func (f *folder) roots() (int, error) {
	for size, tree := range f.heads {
		root, err := tlog.TreeHash(size, f.tree)
		if err != nil {
			return 0, err
		}
		if root != tree.Hash {
			return 0, fmt.Errorf("the root of %d entries is %v, not %v", size, root, tree.Hash)
		}
	}
	return len(f.heads), nil
}

// tilesOf lists the tiles of a tree; tlog.NewTiles would list each width of a partial tile, too.
func tilesOf(size int64) []tlog.Tile {
	var tiles []tlog.Tile
	for level := 0; size > 0; level, size = level+1, size>>8 {
		for n := int64(0); n < size; n += 256 {
			tile := tlog.Tile{H: 8, L: level, N: n / 256, W: 256}
			if size-n < 256 {
				tile.W = int(size - n)
			}
			tiles = append(tiles, tile)
		}
	}
	return tiles
}

// tiles compares every tile of every checkpoint.
func (f *folder) tiles() (int, error) {
	seen := map[tlog.Tile]bool{}
	for size := range f.heads {
		for _, tile := range tilesOf(size) {
			if seen[tile] {
				continue
			}
			seen[tile] = true
			stored, err := os.ReadFile(f.tilePath(tile))
			if err != nil {
				return 0, err
			}
			expected, err := tlog.ReadTileData(tile, f.tree)
			if err != nil {
				return 0, err
			}
			if !bytes.Equal(stored, expected) {
				return 0, fmt.Errorf("%s has other hashes", f.tilePath(tile))
			}
		}
	}
	return len(seen), nil
}

func (f *folder) consistency() (int, error) {
	paths, err := filepath.Glob(filepath.Join(f.path, "consistency", "*"))
	if err != nil {
		return 0, err
	}
	for _, path := range paths {
		var old, new int64
		if _, err := fmt.Sscanf(filepath.Base(path), "%d-%d", &old, &new); err != nil {
			return 0, err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		proof, err := parseHashes(strings.Fields(string(text)))
		if err != nil {
			return 0, err
		}
		from, to := f.heads[old], f.heads[new]
		if err := tlog.CheckTree(proof, to.N, to.Hash, from.N, from.Hash); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
	}
	return len(paths), nil
}

func (f *folder) proofs() (int, error) {
	paths, err := filepath.Glob(filepath.Join(f.path, "proofs", "*.tlog-proof"))
	if err != nil {
		return 0, err
	}
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		if err := f.proof(string(file)); err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
	}
	return len(paths), nil
}

func (f *folder) proof(file string) error {
	top, signed, found := strings.Cut(file, "\n\n")
	lines := strings.Split(top, "\n")
	if !found || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("no proof file")
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		if _, err := base64.StdEncoding.Strict().DecodeString(lines[0][6:]); err != nil {
			return err
		}
		lines = lines[1:]
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	proof, err := parseHashes(lines[1:])
	if err != nil {
		return err
	}
	tree, err := head([]byte(signed), f.known)
	if err != nil {
		return err
	}
	if index >= int64(len(f.entries)) {
		return errors.New("no such entry")
	}
	leaf := tlog.RecordHash(f.entries[index])
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf)
}

// judgeNotes reads notes that each have their length in four bytes in front, big-endian.
func judgeNotes(path, vkey string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	notes, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for len(notes) > 0 {
		length := binary.BigEndian.Uint32(notes)
		signed := notes[4 : 4+length]
		notes = notes[4+length:]
		if _, err := note.Open(signed, note.VerifierList(verifier)); err != nil {
			fmt.Println("rejected")
		} else {
			fmt.Println("accepted")
		}
	}
	return nil
}
