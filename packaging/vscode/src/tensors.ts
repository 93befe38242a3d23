// Numbers of a safetensors file: the length of a JSON header, the header, the bytes it names.
import { Unreadable } from "./archive";

const SIZES: Record<string, number> = { F64: 8, I64: 8 };

/** One tensor, flat. Throws Unreadable where the file has none of this name or lies about its size. */
export function tensor(data: Uint8Array, name: string): number[] | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const length = data.length < 8 ? 0 : Number(view.getBigUint64(0, true));
  if (!length || 8 + length > data.length) throw new Unreadable("its numbers are cut off");
  let entry: { dtype: string; data_offsets: [number, number] } | undefined;
  try {
    entry = JSON.parse(new TextDecoder().decode(data.subarray(8, 8 + length)))[name];
  } catch {
    throw new Unreadable("its numbers are damaged");
  }
  if (!entry) return undefined;
  const size = SIZES[entry.dtype];
  const [from, to] = Array.isArray(entry.data_offsets) ? entry.data_offsets : [NaN, NaN];
  const inside = Number.isInteger(from) && Number.isInteger(to) && 0 <= from && from <= to && 8 + length + to <= data.length;
  if (!size || !inside || (to - from) % size) throw new Unreadable(`its numbers ${JSON.stringify(name)} are damaged`);
  const numbers: number[] = [];
  for (let at = 8 + length + from; at < 8 + length + to; at += size) {
    numbers.push(entry.dtype === "F64" ? view.getFloat64(at, true) : Number(view.getBigInt64(at, true)));
  }
  return numbers;
}
