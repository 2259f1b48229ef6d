// SPDX-License-Identifier: Apache-2.0
// What the turn engine does with all shelves of the process (services make them through
// wh_shelf_new, runtime/service.h): one turn's life, and the undoing of one refused item in it.
#ifndef WH_RUNTIME_SHELF_H
#define WH_RUNTIME_SHELF_H

// A turn begins: nothing leaves for want of room until it ends.
void wh_shelves_begin(void);
// What an item of the turn put from the mark on can be undone alone.
void wh_shelves_mark(void);
void wh_shelves_undo(void);
// The turn ends: overlays join memory, or vanish.
void wh_shelves_commit(void);
void wh_shelves_rollback(void);
void wh_shelves_clear(void);

#endif
