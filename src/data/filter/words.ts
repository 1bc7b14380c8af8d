/** Lower-case words; signs, and characters written without spaces, each by itself. */
export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
}
