// A button saves the data that the page was made from.
(() => {
  const button = document.getElementById("save");
  const data = document.getElementById("data");
  if (!button || !data) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([data.textContent], { type: "application/json" }));
    link.download = `${document.querySelector("h1").textContent.replaceAll(/[^\w.-]+/g, "-")}-report.json`;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
})();
