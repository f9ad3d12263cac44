import { DOUBLINGS, PART_BYTES } from './part-sizes.ts';

/**
 * Which number a part has that starts at an offset, for a service that puts parts together by their
 * numbers and keeps no offsets: numbers stand for the places of a grid, and a part takes one place or
 * more. So a number tells the same offset to every process that goes on with the upload.
 */
export interface PartGrid {
  /** What offsets and sizes are multiples of, at least. Units: bytes. */
  readonly stepBytes: number;
  /** The number, from 1, of a part that starts there; `undefined` where none can. */
  numberAt(offset: number): number | undefined;
  /** Where the part of this number starts. Units: bytes. */
  offsetOf(number: number): number;
  /** What the size of a part that starts there is a multiple of, unless it is the last. Units: bytes. */
  stepAt(offset: number): number;
}

const MIB = 1024 * 1024;

/**
 * The grid of an upload, in which the parts that core cuts it into have places: even where the length
 * is known, with steps large enough for `maxParts`; else with steps that grow.
 */
export function partGrid(totalBytes: number | undefined, maxParts: number): PartGrid {
  return totalBytes === undefined ? growingGrid(maxParts) : evenGrid(totalBytes, maxParts);
}

function evenGrid(totalBytes: number, maxParts: number): PartGrid {
  const stepBytes = Math.max(PART_BYTES, Math.ceil(totalBytes / maxParts / MIB) * MIB);
  return {
    stepBytes,
    numberAt: (offset) => numberOf(offset / stepBytes, maxParts),
    offsetOf: (number) => (number - 1) * stepBytes,
    stepAt: () => stepBytes,
  };
}

function growingGrid(maxParts: number): PartGrid {
  const places = Math.ceil(maxParts / DOUBLINGS);
  const stepOf = (region: number) => PART_BYTES * 2 ** region;
  const startOf = (region: number) => PART_BYTES * places * (2 ** region - 1);
  const regionAt = (offset: number) =>
    Math.floor(Math.log2(Math.floor(offset / (PART_BYTES * places)) + 1));
  return {
    stepBytes: PART_BYTES,
    numberAt(offset) {
      const region = regionAt(offset);
      const place = (offset - startOf(region)) / stepOf(region);
      return numberOf(region * places + place, maxParts);
    },
    offsetOf(number) {
      const region = Math.floor((number - 1) / places);
      return startOf(region) + (number - 1 - region * places) * stepOf(region);
    },
    stepAt: (offset) => stepOf(regionAt(offset)),
  };
}

function numberOf(index: number, maxParts: number): number | undefined {
  return Number.isInteger(index) && index >= 0 && index < maxParts ? index + 1 : undefined;
}
