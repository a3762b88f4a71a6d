/** Deeper messages are refused: what walks the data later, often by recursion, would overflow its stack. The same as for JSON. */
export const DEEPEST = 512;

/** The byte that begins a frame with announcements. No msgpack value begins with it. */
export const ANNOUNCEMENT = 0xc1;

/** The byte that names the first structure. Those up to 0x7f are no numbers where structures are shared. */
export const FIRST_STRUCTURE = 0x40;

/** How many structures there can be per connection and direction: what msgpackr names with one byte. */
export const MOST_STRUCTURES = 32;

/** How many keys a structure can have. */
export const MOST_KEYS = 256;

/** How many bytes of announcements there can be per connection and direction: what a hostile peer can make us remember. */
export const MOST_ANNOUNCED = 65_536;
