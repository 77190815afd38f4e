/* SPDX-License-Identifier: BSD-2-Clause */
#include "state_db.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct io_state_db {
    sqlite3 *file;
    sqlite3_stmt *load;
    sqlite3_stmt *store;
};

/* The rollback journal with FULL (and EXTRA: the directory too) is durable when COMMIT returns; EXCLUSIVE
 * keeps the lock from the first access to the end. */
static const char set_up[] =
    "PRAGMA locking_mode=EXCLUSIVE;"
    "PRAGMA journal_mode=DELETE;"
    "PRAGMA synchronous=EXTRA;"
    "BEGIN EXCLUSIVE;"
    "CREATE TABLE IF NOT EXISTS ssn(context BLOB PRIMARY KEY, below INTEGER NOT NULL)"
    " WITHOUT ROWID;"
    "COMMIT;";

static bool prepare(io_state_db *db)
{
    return sqlite3_exec(db->file, set_up, NULL, NULL, NULL) == SQLITE_OK &&
           sqlite3_prepare_v2(db->file, "SELECT below FROM ssn WHERE context=?1", -1, &db->load, NULL) ==
               SQLITE_OK &&
           sqlite3_prepare_v2(db->file, "INSERT OR REPLACE INTO ssn VALUES(?1, ?2)", -1, &db->store, NULL) ==
               SQLITE_OK;
}

io_state_db *io_state_db_open(const char *directory, char fault[IO_STATE_FAULT_MAX])
{
    char path[4096];
    io_state_db *db = calloc(1, sizeof *db);
    int len = snprintf(path, sizeof path, "%s/state.db", directory);
    if (db == NULL || len < 0 || (size_t)len >= sizeof path) {
        (void)snprintf(fault, IO_STATE_FAULT_MAX, "no memory, or a path too long");
        free(db);
        return NULL;
    }
    int rc = sqlite3_open_v2(path, &db->file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (rc != SQLITE_OK || !prepare(db)) {
        rc = sqlite3_errcode(db->file);
        (void)snprintf(fault, IO_STATE_FAULT_MAX, "%.180s/state.db: %s", directory,
                       rc == SQLITE_BUSY || rc == SQLITE_LOCKED ? "in use by another process"
                                                                : sqlite3_errmsg(db->file));
        io_state_db_close(db);
        return NULL;
    }
    return db;
}

void io_state_db_close(io_state_db *db)
{
    if (db != NULL) {
        (void)sqlite3_finalize(db->load);
        (void)sqlite3_finalize(db->store);
        (void)sqlite3_close(db->file);
        free(db);
    }
}

/* load reads a limit; found is false for a context that was never here. */
static bool load(io_state_db *db, const uint8_t key[IO_STATE_KEY_LEN], uint64_t *below, bool *found)
{
    (void)sqlite3_bind_blob(db->load, 1, key, IO_STATE_KEY_LEN, SQLITE_STATIC);
    int rc = sqlite3_step(db->load);
    *found = rc == SQLITE_ROW;
    *below = *found ? (uint64_t)sqlite3_column_int64(db->load, 0) : 0;
    (void)sqlite3_reset(db->load);
    return rc == SQLITE_ROW || rc == SQLITE_DONE;
}

/* store writes a limit; when it says true, the limit is on the disk. */
static bool store(io_state_db *db, const uint8_t key[IO_STATE_KEY_LEN], uint64_t below)
{
    (void)sqlite3_bind_blob(db->store, 1, key, IO_STATE_KEY_LEN, SQLITE_STATIC);
    (void)sqlite3_bind_int64(db->store, 2, (sqlite3_int64)below);
    int rc = sqlite3_step(db->store);
    (void)sqlite3_reset(db->store);
    return rc == SQLITE_DONE;
}

/* context_key names what a Sender Key and so a nonce hangs on; whoever reads the file learns no secret. */
static gosc_err context_key(const gosc_security_context *context, uint8_t key[IO_STATE_KEY_LEN])
{
    uint8_t info[2 + 255 + GOSC_KID_MAX];
    const gosc_common_context *common = &context->common;
    gosc_writer writer;
    gosc_writer_init(&writer, (gosc_buf){info, sizeof info});
    /* A silent server has no Sender ID, and is not the member with the empty one. */
    gosc_write_u8(&writer, (uint8_t)((gosc_span_present(common->id_context) ? 1 : 0) |
                                     (context->sender.present ? 0 : 2)));
    gosc_write_u8(&writer, (uint8_t)common->id_context.len);
    gosc_write_bytes(&writer, common->id_context);
    gosc_write_bytes(&writer, gosc_id_span(&context->sender.id));
    if (writer.failed) {
        return GOSC_ERR_USAGE;
    }
    return gosc_crypto_hkdf(GOSC_ALG_HMAC_256, common->master_salt, common->master_secret,
                            gosc_writer_span(&writer), (gosc_buf){key, IO_STATE_KEY_LEN});
}

gosc_err io_ssn_keeper_begin(io_ssn_keeper *keeper, io_state_db *db, gosc_security_context *context,
                             bool *known)
{
    *keeper = (io_ssn_keeper){.db = db};
    *known = false;
    if (db == NULL) {
        return GOSC_OK;
    }
    uint64_t below = 0;
    gosc_err err = context_key(context, keeper->key);
    if (err != GOSC_OK || !load(db, keeper->key, &below, known)) {
        return GOSC_ERR_CRYPTO;
    }
    /* Written at once, so that a receiver that never needs a number of its own is known when it comes back (O-7.5-02). */
    if (!*known && !store(db, keeper->key, context->sender.ssn)) {
        return GOSC_ERR_CRYPTO;
    }
    if (*known && below + IO_STATE_LATE > context->sender.ssn) {
        context->sender.ssn = below + IO_STATE_LATE;
    }
    keeper->limit = context->sender.ssn;
    return GOSC_OK;
}

gosc_err io_ssn_keeper_reserve(io_ssn_keeper *keeper, const gosc_security_context *context)
{
    uint64_t next = context->sender.ssn;
    if (keeper->db == NULL || next < keeper->limit) {
        return GOSC_OK;
    }
    uint64_t limit = next + IO_STATE_JUMP;
    if (limit > GOSC_PARTIAL_IV_LIMIT + 1) {
        limit = GOSC_PARTIAL_IV_LIMIT + 1;
    }
    if (!store(keeper->db, keeper->key, limit)) {
        return GOSC_ERR_CRYPTO;
    }
    keeper->limit = limit;
    return GOSC_OK;
}

void io_ssn_keeper_end(io_ssn_keeper *keeper, const gosc_security_context *context)
{
    if (keeper->db != NULL && keeper->limit > context->sender.ssn &&
        store(keeper->db, keeper->key, context->sender.ssn)) {
        keeper->limit = context->sender.ssn;
    }
}
