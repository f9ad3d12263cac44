/** What a part of an upload has where nothing asks for another size. Units: bytes. */
export const PART_BYTES: number = 8 * 1024 * 1024;
/** How often the parts of an upload of unknown length double until the last may be sent. */
export const DOUBLINGS = 8;
