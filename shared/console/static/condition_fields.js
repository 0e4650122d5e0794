// Conditions in forms: the builder instead of the JSON a field holds, which stays as it is when it cannot be read.
"use strict";

const conditionFacts = JSON.parse(document.getElementById("condition-facts").textContent);

function drawConditionField(input) {
  input.crmBuilder?.remove();
  input.hidden = false;
  let condition;
  try {
    condition = JSON.parse(input.value || '{"all": []}');
  } catch {
    return;  // shown with what is wrong with it
  }
  const label = $(`label[for="${CSS.escape(input.id)}"]`);
  const root = element("div", { className: "condition-field" });
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", label?.firstChild.textContent || "");
  input.hidden = true;
  input.after(root);
  input.crmBuilder = root;
  conditionEditor(root, conditionFacts, condition, (changed) => {
    input.value = isEmptyCondition(changed) ? "" : JSON.stringify(changed);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
const drawConditionFields = () => $$("textarea[data-condition]").forEach(drawConditionField);
drawConditionFields();
document.addEventListener("crm:filled", drawConditionFields);  // a kept draft was put back, or dropped
