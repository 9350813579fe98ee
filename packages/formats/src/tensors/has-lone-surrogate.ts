/** True where no UTF-8 exists for a text: two such may become one when they are encoded. */
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}
