// The first visible thing of a kind that has a name for its user, within the smallest part of the
// page that holds the given words; and all names of that kind, to say what there is instead.
const [kind, name, part] = arguments;
const plain = (text) => (text || "").replace(/\s+/g, " ").trim();
const selectors = {
  button: "button, input[type=submit], a.button, summary, [role=button], [role=tab]",
  link: "a[href]",
  field: "input:not([type=hidden]), select, textarea",
  part: "tr, li, fieldset, form, section, article, nav, dl > div",
};
// What is neither hidden nor for the eye alone.
const content = (element, without) => {
  const copy = element.cloneNode(true);
  copy.querySelectorAll("[hidden], [aria-hidden=true]" + without).forEach((inner) => inner.remove());
  return plain(copy.textContent);
};
const labels = (field) => Array.from(field.labels || [])
  .map((label) => content(label, ", input, select, textarea, button")).join(" ");
const nameOf = (element) => {
  const by = element.getAttribute("aria-labelledby");
  if (by) {
    return plain(by.split(/\s+/).map((id) => document.getElementById(id)?.textContent).join(" "));
  }
  const said = element.getAttribute("aria-label");
  if (said) return plain(said);
  return kind === "field" ? labels(element) : content(element, "") || plain(element.value);
};
// A radio button may be drawn by its label.
const visible = (element) => element.checkVisibility({ checkVisibilityCSS: true });
let root = document;
if (part) {
  const parts = Array.from(document.querySelectorAll(selectors.part))
    .filter((element) => visible(element)
      && (plain(element.innerText).includes(part) || element.ariaLabel === part));
  if (parts.length === 0) return { found: null, names: ["(no part says " + part + ")"] };
  const holding = parts.filter((element) => element.querySelector(selectors[kind]));
  const sizes = (holding.length ? holding : parts)
    .sort((one, other) => one.innerText.length - other.innerText.length);
  root = sizes[0];
}
const all = Array.from(root.querySelectorAll(selectors[kind])).filter(visible);
const names = all.map(nameOf);
let at = names.indexOf(name);
if (at < 0) at = names.findIndex((other) => other.startsWith(name));
return { found: at < 0 ? null : all[at], names };
