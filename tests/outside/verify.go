// Verify a bundle of contactledger with Go's own code for signed notes and Merkle trees
// (golang.org/x/mod/sumdb/note and tlog) and nothing of contactledger's.
//
//	verify FILE VKEY...
//
// VKEY are the verifier keys that are trusted: of the ledger, and of who signed receipts.
// What is checked follows docs/format.md, section 8. The last line written to the standard
// output is a JSON object saying what holds; on the first thing that does not, the name of the
// file of the bundle and why are written to the standard error, and the exit code is 1.
//
// It checks what the two packages can: signatures, trees, proofs, and the digests between them.
// The spelling of the zip file and of its JSON is not looked at.
package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type head struct {
	Account string `json:"account"`
	Root    string `json:"root"`
	Size    int64  `json:"size"`
	Slot    int64  `json:"slot"`
}

type epoch struct {
	Epoch int64  `json:"epoch"`
	Root  string `json:"root"`
	Slots int64  `json:"slots"`
}

type keyChange struct {
	Key      string `json:"key"`
	Replaces string `json:"replaces"`
}

type receipt struct {
	Account string `json:"account"`
	Root    string `json:"root"`
	Size    int64  `json:"size"`
}

type since struct {
	AccountProof []string        `json:"account_proof"`
	Epoch        json.RawMessage `json:"epoch"`
	EpochProof   []string        `json:"epoch_proof"`
	Head         json.RawMessage `json:"head"`
	HeadPath     []string        `json:"head_path"`
}

type result struct {
	Origin      string   `json:"origin"`
	Size        int64    `json:"size"`
	Root        string   `json:"root"`
	Signers     []string `json:"signers"`
	Entries     int64    `json:"entries"`
	House       int64    `json:"house"`
	Proved      int64    `json:"proved"`
	Disclosures int64    `json:"disclosures"`
	Blobs       int64    `json:"blobs"`
	Keys        []int64  `json:"keys"`
	Since       []int64  `json:"since"`
	Receipts    []int64  `json:"receipts"`
}

type checkpoint struct {
	origin string
	tree   tlog.Tree
	signed []string
}

// A refusal is what is wrong, and in which file of the bundle.
type refusal struct{ file, why string }

func refuse(file, format string, args ...any) {
	panic(refusal{file, fmt.Sprintf(format, args...)})
}

func must(file string, err error) {
	if err != nil {
		refuse(file, "%v", err)
	}
}

func main() {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case refusal:
			fmt.Fprintf(os.Stderr, "%s: %s\n", r.file, r.why)
			os.Exit(1)
		default:
			panic(r)
		}
	}()
	b := &bundle{files: map[string][]byte{}, keys: map[string]bool{}, roots: map[int64]tlog.Hash{}}
	b.open(os.Args[1])
	for _, key := range os.Args[2:] {
		b.keys[key] = true
	}
	b.verify()
	must("the result", json.NewEncoder(os.Stdout).Encode(b.found))
}

type bundle struct {
	files map[string][]byte
	keys  map[string]bool     // verifier keys that are believed
	roots map[int64]tlog.Hash // of the account's log, by size, as proved heads have them
	found result
}

func (b *bundle) open(path string) {
	file, err := zip.OpenReader(path)
	must("the zip file", err)
	defer file.Close()
	for _, member := range file.File {
		reader, err := member.Open()
		must(member.Name, err)
		data, err := io.ReadAll(reader)
		must(member.Name, err)
		b.files[member.Name] = data
	}
}

func (b *bundle) verify() {
	now := b.newest()
	var e epoch
	number := b.inLedger("ledger/epoch", now)
	parse("ledger/epoch.json", b.files["ledger/epoch.json"], &e)
	if e.Epoch != number || number != now.tree.N-1 {
		refuse("ledger/epoch.json", "epoch %d is not the last leaf", e.Epoch)
	}
	if b.inLedger("ledger/genesis", now) != 0 {
		refuse("ledger/genesis.tlog-proof", "is not of leaf 0")
	}
	account := b.log("account", e)
	b.found.Entries = account.Size
	b.roots[account.Size] = hash("account/head.json", account.Root)
	if _, ok := b.files["house/head.json"]; ok {
		house := b.log("house", e)
		if house.Slot != 0 {
			refuse("house/head.json", "is not at slot 0")
		}
		b.found.House = house.Size
	}
	b.disclosures()
	b.blobs()
	for _, name := range b.named("since/", ".json") {
		b.found.Since = append(b.found.Since, b.since(name, now, account))
	}
	for _, name := range b.named("account/receipts/", ".note") {
		b.found.Receipts = append(b.found.Receipts, b.receipt(name, account))
	}
}

// newest opens the checkpoint after following the changes of keys, each vouched for by the key
// that it replaces, in a checkpoint that the newest one extends.
func (b *bundle) newest() checkpoint {
	const name = "ledger/checkpoint"
	claimed := parseCheckpoint(name, b.files[name])
	for _, file := range b.named("ledger/keys/", ".json") {
		stem := strings.TrimSuffix(file, ".json")
		var change keyChange
		parse(file, b.files[file], &change)
		if !b.keys[change.Replaces] {
			refuse(file, "replaces a key that is not believed")
		}
		index, proof, text := parseProof(stem+".tlog-proof", b.files[stem+".tlog-proof"])
		then := openCheckpoint(stem+".tlog-proof", text, change.Replaces)
		record := tlog.RecordHash(b.files[file])
		must(stem+".tlog-proof", tlog.CheckRecord(proof, then.tree.N, then.tree.Hash, index, record))
		must(stem+".consistency", tlog.CheckTree(tlog.TreeProof(lines(stem+".consistency", b.files[stem+".consistency"])),
			claimed.tree.N, claimed.tree.Hash, then.tree.N, then.tree.Hash))
		b.keys[change.Key] = true
		b.found.Keys = append(b.found.Keys, index)
	}
	now := openCheckpoint(name, b.files[name], all(b.keys)...)
	b.found.Origin, b.found.Size, b.found.Root = now.origin, now.tree.N, now.tree.Hash.String()
	b.found.Signers = now.signed
	return now
}

// inLedger checks the proof of a record of the ledger log; the index of the record.
func (b *bundle) inLedger(stem string, now checkpoint) int64 {
	name := stem + ".tlog-proof"
	index, proof, text := parseProof(name, b.files[name])
	if !bytes.Equal(text, b.files["ledger/checkpoint"]) {
		refuse(name, "holds another checkpoint")
	}
	record := tlog.RecordHash(b.files[stem+".json"])
	must(name, tlog.CheckRecord(proof, now.tree.N, now.tree.Hash, index, record))
	return index
}

// log checks a head in its slot, and its entries under it.
func (b *bundle) log(folder string, e epoch) head {
	var h head
	name, path := folder+"/head.json", folder+"/head.path"
	record := b.files[name]
	parse(name, record, &h)
	must(path, tlog.CheckRecord(tlog.RecordProof(lines(path, b.files[path])),
		e.Slots, hash(name, e.Root), h.Slot, tlog.RecordHash(record)))
	root := hash(name, h.Root)
	entries := folder + "/entries.ndjson"
	records := ndjson(entries, b.files[entries])
	if proofs, ok := b.files[folder+"/proofs.ndjson"]; ok {
		b.proved(entries, records, ndjson(folder+"/proofs.ndjson", proofs), h.Size, root)
		return h
	}
	if int64(len(records)) != h.Size {
		refuse(entries, "has %d entries, not %d", len(records), h.Size)
	}
	got, err := treeHash(records)
	must(entries, err)
	if got != root {
		refuse(entries, "its root is %v, not %v", got, root)
	}
	return h
}

// proved checks the entries of a partial bundle, one proof each.
func (b *bundle) proved(name string, records, proofs [][]byte, size int64, root tlog.Hash) {
	if len(records) != len(proofs) {
		refuse(name, "has %d entries and %d proofs", len(records), len(proofs))
	}
	for i, record := range records {
		var texts []string
		parse("account/proofs.ndjson", proofs[i], &texts)
		proof := tlog.RecordProof(hashes("account/proofs.ndjson", texts))
		must(name, tlog.CheckRecord(proof, size, root, number(name, record), tlog.RecordHash(record)))
		b.found.Proved++
	}
}

// disclosures checks that the digest of each stands in its entry.
func (b *bundle) disclosures() {
	const name = "disclosures.ndjson"
	entries := map[int64][]byte{}
	for _, record := range ndjson("account/entries.ndjson", b.files["account/entries.ndjson"]) {
		entries[number("account/entries.ndjson", record)] = record
	}
	for _, line := range ndjson(name, b.files[name]) {
		var pair [2]json.RawMessage
		var no int64
		var body string
		parse(name, line, &pair)
		parse(name, pair[0], &no)
		parse(name, pair[1], &body)
		sum := sha256.Sum256([]byte(body))
		digest := `"` + base64.RawURLEncoding.EncodeToString(sum[:]) + `"`
		if !bytes.Contains(entries[no], []byte(digest)) {
			refuse(name, "a disclosure that its entry does not name")
		}
		b.found.Disclosures++
	}
}

func (b *bundle) blobs() {
	for name, data := range b.files {
		if sha, ok := strings.CutPrefix(name, "blobs/"); ok {
			if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != sha {
				refuse("blobs/", "an original whose name is not its SHA-256")
			}
			b.found.Blobs++
		}
	}
}

// since checks that an older head was said by the ledger and is a beginning of the log.
func (b *bundle) since(name string, now checkpoint, account head) int64 {
	var s since
	var e epoch
	var h head
	parse(name, b.files[name], &s)
	parse(name, s.Epoch, &e)
	parse(name, s.Head, &h)
	must(name, tlog.CheckRecord(tlog.RecordProof(hashes(name, s.EpochProof)),
		now.tree.N, now.tree.Hash, e.Epoch, tlog.RecordHash(s.Epoch)))
	must(name, tlog.CheckRecord(tlog.RecordProof(hashes(name, s.HeadPath)),
		e.Slots, hash(name, e.Root), h.Slot, tlog.RecordHash(s.Head)))
	must(name, tlog.CheckTree(tlog.TreeProof(hashes(name, s.AccountProof)),
		account.Size, hash(name, account.Root), h.Size, hash(name, h.Root)))
	if h.Account != account.Account || h.Slot != account.Slot {
		refuse(name, "is of another account")
	}
	b.roots[h.Size] = hash(name, h.Root)
	return h.Size
}

// receipt checks the signature of a receipt, and that the log begins as it says: by the entries,
// or where not all are there by the heads that are.
func (b *bundle) receipt(name string, account head) int64 {
	opened := openNote(name, b.files[name], all(b.keys)...)
	var r receipt
	parse(name, []byte(opened.Text), &r)
	root, known := b.roots[r.Size]
	if _, partial := b.files["account/proofs.ndjson"]; !known && !partial {
		records := ndjson("account/entries.ndjson", b.files["account/entries.ndjson"])
		if 0 <= r.Size && r.Size < int64(len(records)) {
			var err error
			root, err = treeHash(records[:r.Size])
			must(name, err)
			known = true
		}
	}
	if r.Account != account.Account || !known || root != hash(name, r.Root) {
		refuse(name, "is for another log")
	}
	return r.Size
}

// named gives the files in a folder with an ending, by the number in their names.
func (b *bundle) named(folder, ending string) []string {
	var found []string
	for name := range b.files {
		if strings.HasPrefix(name, folder) && strings.HasSuffix(name, ending) {
			found = append(found, name)
		}
	}
	of := func(name string) int64 {
		n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(name, folder), ending), 10, 64)
		must(name, err)
		return n
	}
	slices.SortFunc(found, func(a, c string) int { return int(of(a) - of(c)) })
	return found
}

// treeHash grows a tree record by record in tlog's own storage, and gives its root.
func treeHash(records [][]byte) (tlog.Hash, error) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for i, record := range records {
		added, err := tlog.StoredHashes(int64(i), record, reader)
		if err != nil {
			return tlog.Hash{}, err
		}
		stored = append(stored, added...)
	}
	return tlog.TreeHash(int64(len(records)), reader)
}

func openNote(name string, text []byte, keys ...string) *note.Note {
	var verifiers []note.Verifier
	for _, key := range keys {
		verifier, err := note.NewVerifier(key)
		must(name, err)
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open(text, note.VerifierList(verifiers...))
	must(name, err)
	return opened
}

func openCheckpoint(name string, text []byte, keys ...string) checkpoint {
	opened := openNote(name, text, keys...)
	read := parseCheckpoint(name, []byte(opened.Text))
	for _, sig := range opened.Sigs {
		if sig.Name == read.origin {
			read.signed = append(read.signed, fmt.Sprintf("%s+%08x", sig.Name, sig.Hash))
		}
	}
	if read.signed == nil {
		refuse(name, "the ledger itself has not signed")
	}
	return read
}

func parseCheckpoint(name string, text []byte) checkpoint {
	parts := strings.Split(string(text), "\n")
	if len(parts) < 4 {
		refuse(name, "is no checkpoint")
	}
	size, err := strconv.ParseInt(parts[1], 10, 64)
	must(name, err)
	root, err := tlog.ParseHash(parts[2])
	must(name, err)
	return checkpoint{origin: parts[0], tree: tlog.Tree{N: size, Hash: root}}
}

// parseProof reads a C2SP tlog-proof: index, hashes, checkpoint.
func parseProof(name string, data []byte) (int64, tlog.RecordProof, []byte) {
	top, text, found := bytes.Cut(data, []byte("\n\n"))
	parts := strings.SplitN(string(top)+"\n", "\n", 3)
	if !found || len(parts) != 3 || parts[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(parts[1], "index ") {
		refuse(name, "is no proof")
	}
	index, err := strconv.ParseInt(parts[1][len("index "):], 10, 64)
	must(name, err)
	return index, tlog.RecordProof(lines(name, []byte(parts[2]))), text
}

func parse(name string, data []byte, into any) {
	must(name, json.Unmarshal(data, into))
}

func number(name string, record []byte) int64 {
	var entry struct {
		No int64 `json:"no"`
	}
	parse(name, record, &entry)
	return entry.No
}

// ndjson splits lines that each end in LF.
func ndjson(name string, data []byte) [][]byte {
	if len(data) == 0 {
		return nil
	}
	if data[len(data)-1] != '\n' {
		refuse(name, "its last line does not end")
	}
	return bytes.Split(data[:len(data)-1], []byte("\n"))
}

// lines reads hashes in base64, one a line.
func lines(name string, data []byte) []tlog.Hash {
	found := []tlog.Hash{}
	for _, line := range ndjson(name, data) {
		one, err := tlog.ParseHash(string(line))
		must(name, err)
		found = append(found, one)
	}
	return found
}

func hashes(name string, texts []string) []tlog.Hash {
	found := []tlog.Hash{}
	for _, text := range texts {
		found = append(found, hash(name, text))
	}
	return found
}

// hash reads a hash in base64url without padding.
func hash(name, text string) (h tlog.Hash) {
	data, err := base64.RawURLEncoding.Strict().DecodeString(text)
	must(name, err)
	if len(data) != len(h) {
		refuse(name, "a hash of %d bytes", len(data))
	}
	copy(h[:], data)
	return h
}

func all(keys map[string]bool) []string {
	var found []string
	for key := range keys {
		found = append(found, key)
	}
	return found
}
