import { encodePicture, enhance } from "./tessera.js";

document.querySelector("input").addEventListener("change", async ({ target }) => {
  const bytes = new Uint8Array(await target.files[0].arrayBuffer());
  const onProgress = ({ fraction }) => {
    document.querySelector("output").textContent = `${Math.round(100 * fraction)} %`;
  };
  const { picture } = await enhance(bytes, { model: "fast-x4", scale: 4, onProgress });
  const file = new Blob([await encodePicture(picture, { format: "png" })]);
  Object.assign(document.querySelector("img"), { src: URL.createObjectURL(file), hidden: false });
});
