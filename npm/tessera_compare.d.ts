/** `<tessera-compare>`, the slider with the lens: importing its module defines it. */
export class TesseraCompare extends HTMLElement {}

declare global {
  interface HTMLElementTagNameMap {
    "tessera-compare": TesseraCompare;
  }
}
